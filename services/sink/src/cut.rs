//! What the migration that cuts tables by day would do for long under its locks, done beforehand while others write:
//! the keys of the stored events, an index of places, and bounds that are known to hold.

pub(crate) mod later;

use crate::online::{locked, make, run, waits};
use sqlx::{PgConnection, PgPool};

const VERSION: i64 = 5;
/// Blocks of a table that are read at a time, 8 KiB each.
const BLOCKS: i64 = 2000;

/// Takes no time and no lock for long; each may be done already.
const FIRST: [&str; 6] = [
    "CREATE TABLE IF NOT EXISTS event_keys (event_key uuid NOT NULL PRIMARY KEY, tenant text COLLATE \"C\" NOT NULL, \
     time timestamptz NOT NULL)",
    "CREATE TABLE IF NOT EXISTS partition_cut (day date NOT NULL, keys boolean NOT NULL)",
    "INSERT INTO partition_cut SELECT (now() AT TIME ZONE 'UTC')::date + 3, false \
     WHERE NOT EXISTS (SELECT FROM partition_cut)",
    "CREATE OR REPLACE FUNCTION events_keys() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
     INSERT INTO event_keys VALUES (NEW.event_key, NEW.tenant, NEW.time) ON CONFLICT DO NOTHING; RETURN NULL; END $$",
    "CREATE OR REPLACE TRIGGER events_keys AFTER INSERT ON events FOR EACH ROW EXECUTE FUNCTION events_keys()",
    "CREATE TABLE IF NOT EXISTS events_default (LIKE events INCLUDING DEFAULTS)",
];

/// Does what may take long; does nothing where the tables are not there yet, or the migration is done.
pub(crate) async fn prepare(pool: &PgPool) -> Result<(), sqlx::Error> {
    let mut connection = pool.acquire().await?;
    if !waits(VERSION, &mut connection).await? {
        return Ok(());
    }
    for statement in FIRST {
        locked(statement, &mut connection).await?;
    }
    let raw = "CREATE TABLE IF NOT EXISTS raw_events_default (LIKE raw_events INCLUDING DEFAULTS)";
    locked(raw, &mut connection).await?;
    keys(&mut connection).await?;
    let place = "raw_events_place ON raw_events (kafka_partition, kafka_offset, received_at)";
    make("UNIQUE", "raw_events_place", place, &mut connection).await?;
    let cut: String = sqlx::query_scalar("SELECT day || ' 00:00:00+00' FROM partition_cut")
        .fetch_one(&mut *connection)
        .await?;
    for (table, time) in [("raw_events", "received_at"), ("events", "time")] {
        bound(table, time, &cut, &mut connection).await?;
    }
    Ok(())
}

/// Notes the keys of what is stored, piece by piece; a trigger notes those that come meanwhile.
async fn keys(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    if sqlx::query_scalar("SELECT keys FROM partition_cut")
        .fetch_one(&mut *connection)
        .await?
    {
        return Ok(());
    }
    let blocks = "SELECT pg_relation_size('events') / current_setting('block_size')::bigint";
    let blocks: i64 = sqlx::query_scalar(blocks).fetch_one(&mut *connection).await?;
    for from in (0..=blocks).step_by(usize::try_from(BLOCKS).unwrap_or(1)) {
        let note = "INSERT INTO event_keys SELECT event_key, tenant, time FROM events \
            WHERE ctid >= $1::text::tid AND ctid < $2::text::tid ON CONFLICT DO NOTHING";
        let place = |block: i64| format!("({block},0)");
        let note = sqlx::query(note).bind(place(from)).bind(place(from + BLOCKS));
        note.execute(&mut *connection).await?;
    }
    run("UPDATE partition_cut SET keys = true".to_owned(), connection).await
}

/// Makes sure that no row stands at or after the cut: such rows are moved, and no more come.
async fn bound(table: &str, time: &str, cut: &str, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let there = "SELECT EXISTS (SELECT FROM pg_constraint WHERE conname = $1 || '_cut')";
    if !sqlx::query_scalar(there)
        .bind(table)
        .fetch_one(&mut *connection)
        .await?
    {
        let add =
            format!("ALTER TABLE {table} ADD CONSTRAINT {table}_cut CHECK ({time} < '{cut}') NOT VALID");
        locked(&add, connection).await?;
    }
    let moved = format!(
        "WITH moved AS (DELETE FROM {table} WHERE {time} >= '{cut}' RETURNING *) \
         INSERT INTO {table}_default SELECT * FROM moved"
    );
    run(moved, connection).await?;
    run(
        format!("ALTER TABLE {table} VALIDATE CONSTRAINT {table}_cut"),
        connection,
    )
    .await
}
