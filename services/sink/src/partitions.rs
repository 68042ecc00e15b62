//! Parts of the tables that are cut by day or month: which there ought to be, and how one is made and dropped.

mod decide;

pub use decide::Change;
pub(crate) use decide::{CUTS, Partition};

use crate::online::{locked, run};
use chrono::NaiveDate;
use settings::RetentionSettings;
use sqlx::{AssertSqlSafe, PgConnection, PgPool};

/// Rows of which a dropped day's keys are deleted at a time, in blocks of 8 KiB.
const BLOCKS: i64 = 500;

/// What is to be made and dropped today, so that the parts are as these settings say.
pub async fn changes(pool: &PgPool, retention: &RetentionSettings) -> Result<Vec<Change>, sqlx::Error> {
    let mut connection = pool.acquire().await?;
    wanted(retention, &mut connection).await
}

pub(crate) async fn wanted(
    retention: &RetentionSettings,
    connection: &mut PgConnection,
) -> Result<Vec<Change>, sqlx::Error> {
    let today = today(connection).await?;
    let mut changes = Vec::new();
    for table in &CUTS {
        let there = partitions(table.name, connection).await?;
        changes.extend(decide::changes(table, &there, today, (table.keep)(retention)));
    }
    changes.extend(left_behind(connection).await?);
    Ok(changes)
}

/// Makes the parts that lie ahead, and drops none.
pub(crate) async fn make(pool: &PgPool) -> Result<(), sqlx::Error> {
    let mut connection = pool.acquire().await?;
    let today = today(&mut connection).await?;
    for table in &CUTS {
        let there = partitions(table.name, &mut connection).await?;
        for change in decide::changes(table, &there, today, None) {
            apply(&change, &mut connection).await?;
        }
    }
    Ok(())
}

async fn today(connection: &mut PgConnection) -> Result<NaiveDate, sqlx::Error> {
    let today = sqlx::query_scalar("SELECT (now() AT TIME ZONE 'UTC')::date");
    today.fetch_one(connection).await
}

async fn partitions(table: &str, connection: &mut PgConnection) -> Result<Vec<Partition>, sqlx::Error> {
    let there = "SELECT c.relname::text, pg_get_expr(c.relpartbound, c.oid) FROM pg_inherits i \
        JOIN pg_class c ON c.oid = i.inhrelid, set_config('timezone', 'UTC', false) \
        WHERE i.inhparent = to_regclass($1) ORDER BY 1";
    let rows: Vec<(String, String)> = sqlx::query_as(there).bind(table).fetch_all(connection).await?;
    Ok(rows
        .iter()
        .filter_map(|(name, bound)| Partition::read(name, bound))
        .collect())
}

/// Parts that were detached, and not dropped because something came between.
async fn left_behind(connection: &mut PgConnection) -> Result<Vec<Change>, sqlx::Error> {
    let names = "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND NOT relispartition \
        AND relnamespace = current_schema::regnamespace ORDER BY 1";
    let names: Vec<String> = sqlx::query_scalar(names).fetch_all(connection).await?;
    let drop = |partition: String| {
        let table = decide::parent(&partition)?;
        Some(Change::Drop { table, partition })
    };
    Ok(names.into_iter().filter_map(drop).collect())
}

/// Makes or drops a part. Locks are waited for in short tries, so that nobody who writes is held up.
pub(crate) async fn apply(change: &Change, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    match change {
        Change::Make { table, from } => locked(&decide::make(table, *from), connection).await,
        Change::Drop { table, partition } => drop_part(table, partition, connection).await,
    }
}

/// Nobody sees the part any more once it is detached; then the keys of its events go, then its rows.
async fn drop_part(table: &str, partition: &str, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let attached = "SELECT relispartition FROM pg_class WHERE oid = to_regclass($1)";
    let attached: Option<bool> = sqlx::query_scalar(attached)
        .bind(partition)
        .fetch_optional(&mut *connection)
        .await?;
    if attached == Some(true) {
        locked(
            &format!("ALTER TABLE {table} DETACH PARTITION {partition}"),
            connection,
        )
        .await?;
    }
    if table == "events" {
        forget_keys(partition, connection).await?;
    }
    run(format!("DROP TABLE IF EXISTS {partition}"), connection).await
}

async fn forget_keys(partition: &str, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let blocks = "SELECT pg_relation_size(to_regclass($1)) / current_setting('block_size')::bigint";
    let blocks: Option<i64> = sqlx::query_scalar(blocks)
        .bind(partition)
        .fetch_one(&mut *connection)
        .await?;
    let mut from = 0;
    while from <= blocks.unwrap_or(-1) {
        let until = from + BLOCKS;
        let forget = format!(
            "DELETE FROM event_keys k USING {partition} e WHERE k.event_key = e.event_key \
             AND e.ctid >= '({from},0)'::tid AND e.ctid < '({until},0)'::tid"
        );
        sqlx::query(AssertSqlSafe(forget))
            .execute(&mut *connection)
            .await?;
        from = until;
    }
    Ok(())
}
