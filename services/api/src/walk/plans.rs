//! The plans of all lists: each walks indexes in the order of the list; nothing is sorted, no table is read whole, and
//! a filter with an index reads its own rows alone.

use super::statement;
use crate::collections::{
    Answered, DeadLetters, Detections, Events, EvidenceOfSignal, Notifications, Signals,
};
use crate::cursor::Cursor;
use crate::page::{Collection, Sort, question};
use crate::parameters::Parameters;
use serde_json::Value;
use settings::ApiSettings;
use sqlx::PgPool;
use testkit::Sandbox;

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../sink/migrations");

/// Three hundred rows in every table, of three tenants.
const ROWS: &str = include_str!("plans.sql");

/// What a list may be made of.
const NODES: [&str; 11] = [
    "Limit",
    "Subquery Scan",
    "WindowAgg",
    "Index Scan",
    "Index Only Scan",
    "Merge Append",
    "Append",
    "Nested Loop",
    "Result",
    "Memoize",
    // The rows of one time, among those of a page, by what else the order has.
    "Incremental Sort",
];

/// A database with rows, reached as the API reaches it: so few would be read whole and sorted, if its plans could be.
async fn database(test: &str) -> (Sandbox, PgPool) {
    let sandbox = Sandbox::new(test).await.unwrap();
    let filling = PgPool::connect(sandbox.postgres_url()).await.unwrap();
    MIGRATIONS.run(&filling).await.unwrap();
    sqlx::raw_sql(ROWS).execute(&filling).await.unwrap();
    let pool = crate::pool(&sandbox.settings().postgres, &ApiSettings::default()).unwrap();
    (sandbox, pool)
}

/// A value of a filter that some rows have.
fn value(filter: &str) -> &'static str {
    match filter {
        "min_score" => "3",
        "since" => "2026-01-01T00:00:00Z",
        "until" => "2027-01-01T00:00:00Z",
        _ => "v1",
    }
}

fn somewhere(sort: &Sort) -> Cursor {
    let value = |kind: &str| match kind {
        "timestamptz" => "2026-01-02 00:00:00+00",
        "uuid" => "80000000-0000-0000-0000-000000000000",
        "text" => "v2",
        _ => "3",
    };
    Cursor {
        values: sort
            .columns
            .iter()
            .map(|(_, kind)| value(kind).to_owned())
            .collect(),
    }
}

/// Plans one question and looks at every node; says how many rows the walks read that they did not give.
async fn looked_at<C: Collection>(
    pool: &PgPool,
    sort: &'static Sort,
    filters: &[&str],
    cursor: bool,
    tenants: &[&str],
) -> u64 {
    let query: Vec<String> = filters
        .iter()
        .map(|name| format!("{name}={}", value(name)))
        .collect();
    let address = format!("/v1/x?{}", query.join("&"));
    let parameters = Parameters::read(&address.parse().unwrap(), &C::parameter_names()).unwrap();
    let mut question = question::<C>(&parameters, sort, 10, Some("t1")).unwrap();
    question.after = cursor.then(|| somewhere(sort));
    question.tenants = C::TENANTS.then(|| tenants.iter().map(|&tenant| tenant.to_owned()).collect());
    question.part = (C::TABLE == "signal_evidence").then_some(("signal_key", "v1"));
    let mut explain = statement::<C>("EXPLAIN (ANALYZE, FORMAT JSON) ", &question);
    let plan: sqlx::types::Json<Value> = explain.build_query_scalar().fetch_one(pool).await.unwrap();
    let mut removed = 0;
    walk(&plan.0[0]["Plan"], &mut |node| {
        let kind = node["Node Type"].as_str().unwrap();
        assert!(
            NODES.contains(&kind),
            "{} {} {address}: {kind}\n{:#}",
            C::TABLE,
            sort.name,
            plan.0
        );
        if node["Relation Name"] == C::TABLE {
            removed += node["Rows Removed by Filter"].as_u64().unwrap_or_default();
        }
    });
    removed
}

fn walk(node: &Value, visit: &mut impl FnMut(&Value)) {
    visit(node);
    for below in node["Plans"].as_array().into_iter().flatten() {
        walk(below, visit);
    }
}

async fn lists<C: Collection>(pool: &PgPool) {
    for sort in C::SORTS {
        let alone: Vec<_> = C::FILTERS
            .iter()
            .map(|filter| filter.name)
            .filter(|name| !["id", "tenant"].contains(name))
            .collect();
        for tenants in [&["t1"][..], &["t0", "t1", "t2"]] {
            for cursor in [false, true] {
                assert_eq!(looked_at::<C>(pool, sort, &[], cursor, tenants).await, 0);
                for &name in &alone {
                    let removed = looked_at::<C>(pool, sort, &[name], cursor, tenants).await;
                    assert!(
                        removed == 0 || cursor,
                        "{} {name}: {removed} rows of others",
                        C::TABLE
                    );
                }
                looked_at::<C>(pool, sort, &alone, cursor, tenants).await;
            }
        }
    }
}

#[tokio::test]
async fn every_filter_and_sort_walks_an_index() {
    let (_sandbox, pool) = database("api_plans").await;
    lists::<Events>(&pool).await;
    lists::<Signals>(&pool).await;
    lists::<EvidenceOfSignal>(&pool).await;
    lists::<Detections>(&pool).await;
    lists::<Notifications>(&pool).await;
    lists::<Answered>(&pool).await;
    lists::<DeadLetters>(&pool).await;
}
