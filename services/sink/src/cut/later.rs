//! The same for the tables that were cut later: an index of what is to be their primary key, and bounds that are known to
//! hold. Their ids need no table of their own.

use super::bound;
use crate::online::{locked, make, waits};
use sqlx::{PgConnection, PgPool};

pub(crate) const VERSION: i64 = 13;

/// The tables, with what tells their rows apart.
const TABLES: [(&str, &str); 3] = [
    ("detections", "id, time"),
    ("notifications", "id, time"),
    (
        "dead_letters",
        "stage, topic, kafka_partition, kafka_offset, time",
    ),
];

/// As the migration makes it.
const CUTS: [&str; 2] = [
    "CREATE TABLE IF NOT EXISTS sink_cuts (parent text NOT NULL PRIMARY KEY, cut date NOT NULL)",
    "INSERT INTO sink_cuts SELECT parent, CASE parent WHEN 'dead_letters' THEN later \
     ELSE (date_trunc('month', later) + interval '1 month')::date END \
     FROM unnest(ARRAY['detections', 'notifications', 'dead_letters']) AS parent, \
     (SELECT (now() AT TIME ZONE 'UTC')::date + 3) AS days (later) ON CONFLICT DO NOTHING",
];

/// Does what may take long; does nothing where the tables are not there yet, or the migration is done.
pub(crate) async fn prepare(pool: &PgPool) -> Result<(), sqlx::Error> {
    let mut connection = pool.acquire().await?;
    if !waits(VERSION, &mut connection).await? {
        return Ok(());
    }
    for statement in CUTS {
        locked(statement, &mut connection).await?;
    }
    for (table, place) in TABLES {
        let name = format!("{table}_place");
        make(
            "UNIQUE",
            &name,
            &format!("{name} ON {table} ({place})"),
            &mut connection,
        )
        .await?;
        let others = format!("CREATE TABLE IF NOT EXISTS {table}_default (LIKE {table} INCLUDING DEFAULTS)");
        locked(&others, &mut connection).await?;
        bound(
            table,
            "time",
            &cut(table, &mut connection).await?,
            &mut connection,
        )
        .await?;
    }
    Ok(())
}

async fn cut(table: &str, connection: &mut PgConnection) -> Result<String, sqlx::Error> {
    let cut = "SELECT cut || ' 00:00:00+00' FROM sink_cuts WHERE parent = $1";
    sqlx::query_scalar(cut).bind(table).fetch_one(connection).await
}
