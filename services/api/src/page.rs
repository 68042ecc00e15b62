//! Pages of a list, by keyset: the next page begins after the last item, however many came meanwhile.

use crate::answer::{Answer, Items};
use crate::cursor::Cursor;
use crate::filter::Filter;
use crate::parameters::Parameters;
use crate::problem::Problem;
use axum::http::Uri;
use futures_util::TryStreamExt;
use serde::Serialize;
use sqlx::postgres::PgRow;
use sqlx::{Encode, FromRow, PgPool, Postgres, QueryBuilder, Row, Type};
use utoipa::ToSchema;

/// An order of a list, newest or greatest first: columns and their SQL types, unique together.
#[derive(Debug)]
pub(crate) struct Sort {
    pub(crate) name: &'static str,
    pub(crate) columns: &'static [(&'static str, &'static str)],
}

/// A list that can be asked for.
pub(crate) trait Collection {
    /// One item.
    type Item: for<'r> FromRow<'r, PgRow> + Serialize + Send + Unpin;
    /// Its columns, as SQL.
    const COLUMNS: &'static str;
    /// Where they come from, as SQL.
    const FROM: &'static str;
    /// The orders it can have; the first is the default.
    const SORTS: &'static [Sort];
    /// How it can be narrowed.
    const FILTERS: &'static [Filter];

    /// Every query parameter.
    fn parameter_names() -> Vec<&'static str> {
        let paging = ["limit", "cursor"]
            .into_iter()
            .chain((Self::SORTS.len() > 1).then_some("sort"));
        Self::FILTERS
            .iter()
            .map(|filter| filter.name)
            .chain(paging)
            .collect()
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
pub(crate) async fn page<C: Collection>(api: &Api, uri: &Uri) -> Result<Answer, Problem> {
    page_where::<C>(api, uri, None).await
}

/// The same of a part of the list: the column (SQL) has this value.
pub(crate) async fn page_where<C: Collection>(
    api: &Api,
    uri: &Uri,
    part: Option<(&'static str, &str)>,
) -> Result<Answer, Problem> {
    let parameters = Parameters::read(uri, &C::parameter_names())?;
    let limit = parameters.limit(api.max_page)?;
    let sort = sort_of::<C>(&parameters)?;
    let mut query = select::<C>(&parameters, sort, part)?;
    query.push(" LIMIT ").push_bind(i64::from(limit) + 1);
    let (items, ends_at) = fetch::<C>(api, query, limit as usize).await?;
    let next = ends_at.map(|values| parameters.next(uri.path(), &Cursor { values }.write(sort.name)));
    Ok(Answer { items, next })
}

/// Reads items until the page is full; says where it ended if there are more.
async fn fetch<C: Collection>(
    api: &Api,
    mut query: QueryBuilder<Postgres>,
    limit: usize,
) -> Result<(Items, Option<Vec<String>>), Problem> {
    let mut items = Items::at_most(api.max_page_bytes);
    let mut ends_at: Vec<String> = Vec::new();
    let mut connection = api.pool.acquire().await?;
    let mut rows = query.build().fetch(&mut *connection);
    while let Some(row) = rows.try_next().await? {
        if items.len() == limit {
            return Ok((items, Some(ends_at)));
        }
        let fits = items
            .push(&C::Item::from_row(&row)?)
            .map_err(Problem::unwritable)?;
        if !fits {
            drop(rows);
            // The server would send the rest of the rows before it answers anything else on this connection.
            drop(connection.detach());
            return Ok((items, Some(ends_at)));
        }
        ends_at = row.try_get("ends_at")?;
    }
    Ok((items, None))
}

/// The item whose column (SQL) has this value.
pub(crate) async fn one<C, V>(
    api: &Api,
    uri: &Uri,
    column: &'static str,
    value: V,
) -> Result<C::Item, Problem>
where
    C: Collection,
    V: for<'q> Encode<'q, Postgres> + Type<Postgres>,
{
    Parameters::read(uri, &[])?;
    let mut query = QueryBuilder::new("SELECT ");
    query
        .push(C::COLUMNS)
        .push(" FROM ")
        .push(C::FROM)
        .push(" WHERE ")
        .push(column)
        .push(" = ")
        .push_bind(value);
    let item = query
        .build_query_as::<C::Item>()
        .fetch_optional(&api.pool)
        .await?;
    item.ok_or_else(|| Problem::not_found("there is none of this name"))
}

fn sort_of<C: Collection>(parameters: &Parameters) -> Result<&'static Sort, Problem> {
    let Some(name) = parameters.get("sort") else {
        return Ok(&C::SORTS[0]);
    };
    let names: Vec<_> = C::SORTS.iter().map(|sort| sort.name).collect();
    let wanted = || Problem::invalid_parameter("sort", &format!("one of {}", names.join(", ")));
    C::SORTS.iter().find(|sort| sort.name == name).ok_or_else(wanted)
}

fn select<C: Collection>(
    parameters: &Parameters,
    sort: &Sort,
    part: Option<(&'static str, &str)>,
) -> Result<QueryBuilder<Postgres>, Problem> {
    let texts: Vec<_> = sort
        .columns
        .iter()
        .map(|(column, _)| format!("{column}::text"))
        .collect();
    let mut query = QueryBuilder::new("SELECT ");
    query
        .push(C::COLUMNS)
        .push(", ARRAY[")
        .push(texts.join(", "))
        .push("] AS ends_at FROM ");
    query.push(C::FROM).push(" WHERE true");
    if let Some((column, value)) = part {
        query
            .push(" AND ")
            .push(column)
            .push(" = ")
            .push_bind(value.to_owned());
    }
    for filter in C::FILTERS {
        filter.narrow(parameters, &mut query)?;
    }
    if let Some(text) = parameters.get("cursor") {
        after(
            &Cursor::read(text, sort.name, sort.columns.len())?,
            sort,
            &mut query,
        );
    }
    let order: Vec<_> = sort
        .columns
        .iter()
        .map(|(column, _)| format!("{column} DESC"))
        .collect();
    query.push(" ORDER BY ").push(order.join(", "));
    Ok(query)
}

fn after(cursor: &Cursor, sort: &Sort, query: &mut QueryBuilder<Postgres>) {
    let columns: Vec<_> = sort.columns.iter().map(|(column, _)| *column).collect();
    query.push(" AND (").push(columns.join(", ")).push(") < (");
    for (at, ((_, kind), value)) in sort.columns.iter().zip(&cursor.values).enumerate() {
        query.push(if at == 0 { "" } else { ", " });
        query.push_bind(value.clone()).push("::text::").push(kind);
    }
    query.push(")");
}
