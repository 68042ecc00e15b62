//! Pages of a list, by keyset: the next page begins after the last item, however many came meanwhile.

use crate::answer::{Answer, Items};
use crate::caller::Asker;
use crate::cursor::Cursor;
use crate::filter::Filter;
use crate::parameters::Parameters;
use crate::problem::Problem;
use crate::walk::{self, MOST_TENANTS, Question};
use axum::http::Uri;
use futures_util::TryStreamExt;
use model::DEFAULT_TENANT;
use serde::Serialize;
use sqlx::postgres::PgRow;
use sqlx::{Encode, FromRow, PgPool, Postgres, QueryBuilder, Row, Type};
use utoipa::ToSchema;

/// The parameter that says whose items.
const TENANT: &str = "tenant";

/// An order of a list, newest or greatest first.
#[derive(Debug)]
pub(crate) struct Sort {
    pub(crate) name: &'static str,
    /// Columns and their SQL types, unique together.
    pub(crate) columns: &'static [(&'static str, &'static str)],
    /// The filters that have an index in this order, the one that finds the fewest items first.
    pub(crate) walks: &'static [&'static str],
}

impl Sort {
    /// The columns between these.
    pub(crate) fn named(&self, before: &str, after: &str) -> Vec<String> {
        let columns = self.columns.iter();
        columns
            .map(|(column, _)| format!("{before}{column}{after}"))
            .collect()
    }
}

/// A list that can be asked for.
pub(crate) trait Collection {
    /// One item.
    type Item: for<'r> FromRow<'r, PgRow> + Serialize + Send + Unpin;
    /// Its columns, as SQL over `item`.
    const COLUMNS: &'static str;
    /// The table whose rows are the items.
    const TABLE: &'static str;
    /// What is joined to a row of the table, which is called `item`.
    const JOINS: &'static str = "";
    /// Whether the table has a column `tenant`.
    const TENANTS: bool = true;
    /// Whether the indexes of values begin with a number that stands for tenant and value.
    const NUMBERED: bool = false;
    /// The orders it can have; the first is the default.
    const SORTS: &'static [Sort];
    /// Orders that another collection has.
    const OTHER_SORTS: &'static [&'static str] = &[];
    /// How it can be narrowed.
    const FILTERS: &'static [Filter];

    /// The names of all orders.
    fn sort_names() -> Vec<&'static str> {
        let own = Self::SORTS.iter().map(|sort| sort.name);
        own.chain(Self::OTHER_SORTS.iter().copied()).collect()
    }

    /// Every query parameter.
    fn parameter_names() -> Vec<&'static str> {
        let paging = ["limit", "cursor"]
            .into_iter()
            .chain((Self::sort_names().len() > 1).then_some("sort"));
        let filters = Self::FILTERS.iter().map(|filter| filter.name);
        filters.chain(paging).collect()
    }
}

/// A page of a list, for the description of the API: [`Answer`] is what is sent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Page<T> {
    /// The items, newest first.
    pub(crate) items: Vec<T>,
    /// Address of the next page; null after the last one.
    pub(crate) next: Option<String>,
}

/// Everything a handler needs.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    pub(crate) pool: PgPool,
    /// Most items of a page.
    pub(crate) max_page: u32,
    /// Most bytes of a page's items.
    pub(crate) max_page_bytes: usize,
}

/// The page that an address asks for.
pub(crate) async fn page<C: Collection>(api: &Api, asker: &Asker, uri: &Uri) -> Result<Answer, Problem> {
    page_where::<C>(api, asker, uri, None).await
}

/// The same of a part of the list: the column (SQL) has this value.
pub(crate) async fn page_where<C: Collection>(
    api: &Api,
    asker: &Asker,
    uri: &Uri,
    part: Option<(&'static str, &str)>,
) -> Result<Answer, Problem> {
    let parameters = Parameters::read(uri, &C::parameter_names())?;
    let limit = parameters.limit(api.max_page)?;
    let sort = sort_of::<C>(&parameters)?;
    let tenant = asker.tenant(parameters.get(TENANT))?;
    let question = Question {
        part,
        tenants: tenants::<C>(api, tenant).await?,
        ..question::<C>(&parameters, sort, limit, tenant)?
    };
    let (items, ends_at) = fetch::<C>(api, &question).await?;
    let next = ends_at.map(|values| parameters.next(uri.path(), &Cursor { values }.write(sort.name)));
    Ok(Answer { items, next })
}

/// What is asked, of everybody's items.
pub(crate) fn question<C: Collection>(
    parameters: &Parameters,
    sort: &'static Sort,
    limit: u32,
    tenant: Option<&str>,
) -> Result<Question<'static>, Problem> {
    let given = C::FILTERS.iter().map(|filter| filter.given(parameters, tenant));
    Ok(Question {
        sort,
        given: given.filter_map(Result::transpose).collect::<Result<_, _>>()?,
        part: None,
        tenants: None,
        after: cursor(parameters, sort)?,
        rows: limit + 1,
    })
}

fn cursor(parameters: &Parameters, sort: &Sort) -> Result<Option<Cursor>, Problem> {
    let cursor = parameters.get("cursor");
    cursor
        .map(|text| Cursor::read(text, sort.name, sort.columns.len()))
        .transpose()
}

fn sort_of<C: Collection>(parameters: &Parameters) -> Result<&'static Sort, Problem> {
    let Some(name) = parameters.get("sort") else {
        return Ok(&C::SORTS[0]);
    };
    let wanted = || Problem::invalid_parameter("sort", &format!("one of {}", C::sort_names().join(", ")));
    C::SORTS.iter().find(|sort| sort.name == name).ok_or_else(wanted)
}

/// Whose items are asked for: one tenant's, or everybody's, found by skipping through an index.
async fn tenants<C: Collection>(api: &Api, one: Option<&str>) -> Result<Option<Vec<String>>, Problem> {
    if !C::TENANTS {
        return Ok(None);
    }
    if let Some(one) = one {
        return Ok(Some(vec![one.to_owned()]));
    }
    let table = C::TABLE;
    let mut query: QueryBuilder<Postgres> = QueryBuilder::new("WITH RECURSIVE found AS (");
    query
        .push(format!("(SELECT tenant FROM {table} ORDER BY tenant LIMIT 1) UNION ALL "))
        .push(format!("SELECT (SELECT tenant FROM {table} WHERE tenant > found.tenant ORDER BY tenant LIMIT 1) "))
        .push("FROM found WHERE found.tenant IS NOT NULL) SELECT tenant FROM found WHERE tenant IS NOT NULL LIMIT ")
        .push_bind(i64::try_from(MOST_TENANTS).unwrap_or(i64::MAX) + 1);
    let mut found: Vec<String> = query.build_query_scalar().fetch_all(&api.pool).await?;
    if found.len() > MOST_TENANTS {
        let wanted = format!("given: there are more than {MOST_TENANTS} tenants");
        return Err(Problem::invalid_parameter(TENANT, &wanted));
    }
    if found.is_empty() {
        // Nothing is stored; the question is asked all the same, so that a wrong one is told.
        found.push(DEFAULT_TENANT.to_owned());
    }
    Ok(Some(found))
}

/// Reads items until the page is full or the walk ends; says where it ended if there may be more.
async fn fetch<C: Collection>(
    api: &Api,
    question: &Question<'_>,
) -> Result<(Items, Option<Vec<String>>), Problem> {
    let mut items = Items::at_most(api.max_page_bytes);
    let mut query = walk::statement::<C>("", question);
    let (mut ends_at, mut last): (Vec<String>, bool) = (Vec::new(), false);
    let mut connection = api.pool.acquire().await?;
    let mut rows = query.build().fetch(&mut *connection);
    while let Some(row) = rows.try_next().await? {
        if items.len() + 1 == question.rows as usize {
            return Ok((items, Some(ends_at)));
        }
        if row.try_get("walk_matched")? && !push::<C>(&mut items, &row)? {
            drop(rows);
            // The server would send the rest of the rows before it answers anything else on this connection.
            drop(connection.detach());
            return Ok((items, Some(ends_at)));
        }
        (ends_at, last) = (row.try_get("ends_at")?, row.try_get("walk_ended")?);
    }
    Ok((items, last.then_some(ends_at)))
}

fn push<C: Collection>(items: &mut Items, row: &PgRow) -> Result<bool, Problem> {
    items.push(&C::Item::from_row(row)?).map_err(Problem::unwritable)
}

/// The item of this condition (SQL), if whoever asks may see it.
pub(crate) async fn one<C: Collection>(
    api: &Api,
    asker: &Asker,
    uri: &Uri,
    condition: impl FnOnce(&mut QueryBuilder<Postgres>),
) -> Result<C::Item, Problem> {
    Parameters::read(uri, &[])?;
    let mut query = QueryBuilder::new("SELECT ");
    query.push(C::COLUMNS).push(" FROM ").push(C::TABLE);
    query.push(" AS item ").push(C::JOINS).push(" WHERE ");
    condition(&mut query);
    if let Some(tenant) = asker.tenant(None)?.filter(|_| C::TENANTS) {
        query.push(" AND item.tenant = ").push_bind(tenant.to_owned());
    }
    let item = query
        .build_query_as::<C::Item>()
        .fetch_optional(&api.pool)
        .await?;
    item.ok_or_else(|| Problem::not_found("there is none of this name"))
}

/// The condition that a column (SQL) has this value.
pub(crate) fn is<V>(column: &'static str, value: V) -> impl FnOnce(&mut QueryBuilder<Postgres>)
where
    V: for<'q> Encode<'q, Postgres> + Type<Postgres>,
{
    move |query| {
        query.push(column).push(" = ").push_bind(value);
    }
}

/// Whether there is something of this name that whoever asks may see.
pub(crate) async fn seen<C: Collection>(
    api: &Api,
    asker: &Asker,
    column: &'static str,
    value: &str,
) -> Result<(), Problem> {
    let Some(tenant) = asker.tenant(None)? else {
        return Ok(());
    };
    let mut query: QueryBuilder<Postgres> = QueryBuilder::new("SELECT tenant = ");
    query.push_bind(tenant.to_owned()).push(" FROM ").push(C::TABLE);
    query
        .push(" WHERE ")
        .push(column)
        .push(" = ")
        .push_bind(value.to_owned());
    let seen: Option<bool> = query.build_query_scalar().fetch_optional(&api.pool).await?;
    match seen {
        Some(true) => Ok(()),
        _ => Err(Problem::not_found("there is none of this name")),
    }
}
