//! How a list is read: it walks one index, from the newest item or the cursor on, and no further than a bound.
//!
//! Each filter of a sort's `walks` has an index of its own, which has the items of one value in the order of the list.
//! Filters beside it are tried on the items of the walk; a page ends after so many items were tried, however few
//! matched. Makes SQL alone: no database, no HTTP.

use crate::cursor::Cursor;
use crate::filter::{Given, Test};
use crate::page::{Collection, Sort};
use sqlx::{Postgres, QueryBuilder};

#[cfg(test)]
mod plans;

/// Items that a page tries at most, where not all of them are sure to match.
pub(crate) const MOST_TRIED: u32 = 500;
/// Tenants whose lists are merged at most.
pub(crate) const MOST_TENANTS: usize = 16;

/// What a page is about.
#[derive(Debug)]
pub(crate) struct Question<'a> {
    pub(crate) sort: &'static Sort,
    pub(crate) given: Vec<Given>,
    /// Part of the list alone: the column has this value.
    pub(crate) part: Option<(&'static str, &'a str)>,
    /// The tenants whose items are asked for; `None` where items have no tenants.
    pub(crate) tenants: Option<Vec<String>>,
    pub(crate) after: Option<Cursor>,
    /// Rows that are wanted: the items of a page, and one more.
    pub(crate) rows: u32,
}

/// The statement of a page, after `before`. Bounds are written out, not bound: so its one plan, which is kept, knows how
/// little is wanted. Its rows have the columns of the item, `ends_at` (where a page that ends
/// with it goes on), `walk_matched` (whether it is an item, or only the end of the walk) and `walk_ended` (whether the
/// walk ended at its bound).
pub(crate) fn statement<C: Collection>(before: &str, question: &Question<'_>) -> QueryBuilder<Postgres> {
    let (walked, tried) = split(question);
    let all_match = tried.is_empty();
    let most = if all_match {
        question.rows
    } else {
        question.rows.max(MOST_TRIED)
    };
    let sort = question.sort;
    let mut query = QueryBuilder::new(before);
    query.push("SELECT ").push(C::COLUMNS).push(", ARRAY[");
    query.push(sort.named("item.", "::text").join(", "));
    query.push("] AS ends_at, walk_matched, walk_ended FROM (SELECT * FROM (SELECT walked.*, coalesce(true");
    for given in tried {
        query.push(" AND ");
        given.condition(&mut query);
    }
    query.push(", false) AS walk_matched, ");
    if all_match {
        query.push("false");
    } else {
        query.push(format!("row_number() OVER () = {most}"));
    }
    query.push(" AS walk_ended FROM (");
    walk::<C>(question, &walked, most, &mut query);
    // Each level says the order again: the planner forgets it where nobody asks for it.
    let order = sort.named("", " DESC").join(", ");
    query.push(") AS walked ORDER BY ").push(&order);
    query
        .push(") AS tried WHERE walk_matched OR walk_ended ORDER BY ")
        .push(&order);
    query.push(") AS item ").push(C::JOINS).push(" ORDER BY ");
    query.push(sort.named("item.", " DESC").join(", "));
    query.push(format!(" LIMIT {}", question.rows));
    query
}

/// The filters that the index serves, and those that are tried on what it gives.
fn split<'a>(question: &'a Question<'_>) -> (Vec<&'a Given>, Vec<&'a Given>) {
    let (first, _) = question.sort.columns[0];
    let is_given = |name: &&&str| question.given.iter().any(|given| given.name == **name);
    let chosen = question.sort.walks.iter().find(is_given);
    question.given.iter().partition(|given| match given.test {
        Test::Equals(_) | Test::EventId | Test::Tenant => Some(&given.name) == chosen,
        Test::AtLeast(column) | Test::Since(column) | Test::Until(column) => column == first,
    })
}

/// One index, or for each tenant its part of it, merged as they come.
fn walk<C: Collection>(
    question: &Question<'_>,
    walked: &[&Given],
    most: u32,
    query: &mut QueryBuilder<Postgres>,
) {
    let order = format!(" ORDER BY {}", question.sort.named("", " DESC").join(", "));
    let part = |tenant: Option<&String>, query: &mut QueryBuilder<Postgres>| {
        one_walk::<C>(question, walked, tenant, query);
        query.push(&order).push(format!(" LIMIT {most}"));
    };
    match question.tenants.as_deref() {
        None => part(None, query),
        Some([only]) => part(Some(only), query),
        Some(tenants) => {
            query.push("SELECT * FROM (");
            for (at, tenant) in tenants.iter().enumerate() {
                query.push(if at == 0 { "(" } else { " UNION ALL (" });
                part(Some(tenant), query);
                query.push(")");
            }
            query.push(") AS tenants").push(&order);
            query.push(format!(" LIMIT {most}"));
        }
    }
}

fn one_walk<C: Collection>(
    question: &Question<'_>,
    walked: &[&Given],
    tenant: Option<&String>,
    query: &mut QueryBuilder<Postgres>,
) {
    query.push("SELECT * FROM ").push(C::TABLE).push(" WHERE true");
    match (tenant, walked.iter().find_map(|given| given.equals())) {
        (Some(tenant), Some((column, value))) if C::NUMBERED => numbered(tenant, column, value, query),
        (Some(tenant), _) => {
            query.push(" AND tenant = ").push_bind(tenant.clone());
        }
        (None, _) => {}
    }
    if let Some((column, value)) = question.part {
        query
            .push(" AND ")
            .push(column)
            .push(" = ")
            .push_bind(value.to_owned());
    }
    for given in walked
        .iter()
        .filter(|given| !C::NUMBERED || given.equals().is_none())
    {
        query.push(" AND ");
        given.condition(query);
    }
    if let Some(cursor) = &question.after {
        after(cursor, question.sort, query);
    }
}

/// The rows of a tenant and a value, where indexes have a number in their place: comparing numbers is a fraction of what
/// a row costs that is written. Two may have the same number, so the texts are compared as well, in a way that no index
/// serves: the plan that is kept must not walk another one.
fn numbered(tenant: &str, column: &str, value: &str, query: &mut QueryBuilder<Postgres>) {
    query.push(format!(
        " AND hashtextextended({column}, hashtextextended(tenant, 0)) = hashtextextended("
    ));
    query
        .push_bind(value.to_owned())
        .push("::text COLLATE \"C\", hashtextextended(");
    query
        .push_bind(tenant.to_owned())
        .push("::text COLLATE \"C\", 0))");
    for (column, value) in [("tenant", tenant), (column, value)] {
        query.push(format!(" AND {column} IS NOT DISTINCT FROM "));
        query.push_bind(value.to_owned());
    }
}

fn after(cursor: &Cursor, sort: &Sort, query: &mut QueryBuilder<Postgres>) {
    query
        .push(" AND (")
        .push(sort.named("", "").join(", "))
        .push(") < (");
    for (at, ((_, kind), value)) in sort.columns.iter().zip(&cursor.values).enumerate() {
        query.push(if at == 0 { "" } else { ", " });
        query.push_bind(value.clone()).push("::text::").push(kind);
    }
    query.push(")");
}
