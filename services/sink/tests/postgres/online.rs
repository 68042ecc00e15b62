//! Migrations of full tables, while a sink of a version before goes on writing.

use crate::batches::{Builder, raw, scored};
use crate::database::tasks;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use stage::Drain;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use testkit::Sandbox;

/// The last version that the sink before days knows, and that before indexes of numbers.
const BEFORE: i64 = 3;
const CUT: i64 = 9;
/// No batch of the sink before may wait longer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

const FULL: [&str; 4] = [
    // Far ahead of every clock.
    "INSERT INTO events (event_key, tenant, source, id, type, subject, time, received_at, score, level, matched, \
     rules_version) VALUES (gen_random_uuid(), 'default', 's1', 'ahead', 't', 's', '9999-12-31T23:59:59.999Z', now(), 1, \
     'low', 1, 'v')",
    "INSERT INTO events (event_key, tenant, source, id, type, subject, time, received_at, severity, score, level, \
     matched, rules_version) SELECT md5(n::text)::uuid, 't' || n % 3, 's' || n % 50, n::text, 't', 'user:' || n % 999, \
     now() - n * interval '10 s', now(), CASE WHEN n % 100 = 0 THEN 'high' END, n % 100, 'low', 1, 'v' \
     FROM generate_series(1, 100000) n",
    "INSERT INTO signals (signal_key, version, tenant, type, subject, title, state, score, level, evidence_count, \
     source_count, suppressed, first_seen, last_seen, rules_version) SELECT 'sig' || n, 1, 'default', 't', 's' || n % 99, \
     't', 'candidate', n % 100, 'low', 1, 1, 0, now(), now() - n * interval '1 s', 'v' FROM generate_series(1, 20000) n",
    "INSERT INTO raw_events (kafka_partition, kafka_offset, received_at, tenant, source, id, type, data) \
     SELECT n % 3, n, now() - n * interval '1 s', 'default', 's', n::text, 't', '{}' FROM generate_series(1, 50000) n",
];

/// A batch of the sink before, rows and offsets in one transaction.
const BATCH: [&str; 2] = [
    "INSERT INTO raw_events (kafka_partition, kafka_offset, received_at, tenant, source, id, type, data) \
     SELECT 9, $1, now(), 'default', 'late', $1::text, 't', '{}' ON CONFLICT DO NOTHING",
    "INSERT INTO events (event_key, tenant, source, id, type, subject, time, received_at, score, level, matched, \
     rules_version) SELECT md5('late' || $1)::uuid, 'default', 'late', $1::text, 't', 'late', now(), now(), 1, 'low', 1, \
     'v' ON CONFLICT DO NOTHING",
];

/// The same of a sink that knows of days.
const BATCH_OF_DAYS: [&str; 2] = [
    BATCH[0],
    "WITH fresh AS (INSERT INTO event_keys VALUES (md5('late' || $1)::uuid, 'default', now()) ON CONFLICT DO NOTHING \
     RETURNING event_key) INSERT INTO events (event_key, tenant, source, id, type, subject, time, received_at, score, \
     level, matched, rules_version) SELECT event_key, 'default', 'late', $1::text, 't', 'late', now(), now(), 1, 'low', \
     1, 'v' FROM fresh",
];

pub(crate) struct Written {
    pub(crate) batches: i64,
    pub(crate) longest: Duration,
}

/// Writes batch after batch, until it is told that this is enough, or refused because the tables are no longer its own.
pub(crate) async fn write(pool: PgPool, statements: &[&'static str], enough: Arc<AtomicBool>) -> Written {
    let mut written = Written {
        batches: 0,
        longest: Duration::ZERO,
    };
    while !enough.load(Ordering::Relaxed) {
        let began = Instant::now();
        if let Err(refused) = batch(&pool, statements, written.batches).await {
            let told = refused.to_string();
            assert!(told.contains("this sink is older than the tables"), "{told}");
            return written;
        }
        written.batches += 1;
        written.longest = written.longest.max(began.elapsed());
    }
    written
}

async fn batch(pool: &PgPool, statements: &[&'static str], number: i64) -> Result<(), sqlx::Error> {
    let mut batch = pool.begin().await?;
    for statement in statements {
        sqlx::query(*statement).bind(number).execute(&mut *batch).await?;
    }
    batch.commit().await
}

pub(crate) async fn number(pool: &PgPool, query: &'static str) -> i64 {
    sqlx::query_scalar(query).fetch_one(pool).await.expect(query)
}

async fn full(test: &str) -> (Sandbox, PgPool) {
    let sandbox = Sandbox::new(test).await.unwrap();
    let pool = PgPool::connect(sandbox.postgres_url()).await.unwrap();
    sink::migrations().run_to(BEFORE, &pool).await.unwrap();
    for statement in FULL {
        sqlx::query(statement).execute(&pool).await.unwrap();
    }
    (sandbox, pool)
}

/// A connection as the sink's.
pub(crate) async fn writer_of(sandbox: &Sandbox, session: &[(&str, &str)]) -> PgPool {
    let options: PgConnectOptions = sandbox.postgres_url().parse().unwrap();
    let options = options.application_name("sluicebox-sink");
    let one = PgPoolOptions::new().max_connections(1);
    one.connect_with(options.options(session.iter().copied()))
        .await
        .unwrap()
}

#[tokio::test]
async fn a_full_database_is_migrated_while_the_sink_writes() {
    let (sandbox, pool) = full("sink_online").await;
    // What an attempt that was interrupted leaves behind.
    for statement in [
        "CREATE INDEX events_tenant_time ON events (tenant, time, event_key)",
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'events_tenant_time'::regclass",
    ] {
        sqlx::query(statement).execute(&pool).await.unwrap();
    }
    let old = writer_of(&sandbox, &[]).await;
    let writer = tokio::spawn(write(old, &BATCH, Arc::default()));
    sink::migrate(&pool).await.unwrap();
    let written = tokio::time::timeout(PATIENCE, writer).await.unwrap().unwrap();
    assert!(
        written.batches > 0 && written.longest < PATIENCE,
        "{:?}",
        written.longest
    );
    for (rows, query) in [
        (
            written.batches,
            "SELECT count(*) FROM events WHERE source = 'late'",
        ),
        (
            written.batches,
            "SELECT count(*) FROM raw_events WHERE source = 'late'",
        ),
        (100_001, "SELECT count(*) FROM events WHERE source <> 'late'"),
        (100_001 + written.batches, "SELECT count(*) FROM event_keys"),
        (
            0,
            "SELECT count(*) FROM events e LEFT JOIN event_keys k USING (event_key, tenant, time) WHERE k.time IS NULL",
        ),
        (0, "SELECT count(*) FROM pg_index WHERE NOT indisvalid"),
        (1, "SELECT count(*) FROM events_default"),
        (
            2,
            "SELECT count(*) FROM pg_class WHERE relname IN ('events_before', 'raw_events_before') AND relispartition",
        ),
    ] {
        assert_eq!(number(&pool, query).await, rows, "{query}");
    }
    sink::migrate(&pool).await.unwrap();
    goes_on(&sandbox, &pool).await;
}

/// Full tables that are cut by day, with days beside those from before they were cut.
async fn full_days(test: &str) -> (Sandbox, PgPool) {
    let sandbox = Sandbox::new(test).await.unwrap();
    let pool = PgPool::connect(sandbox.postgres_url()).await.unwrap();
    sink::migrations().run_to(CUT, &pool).await.unwrap();
    let day = "DO $$ DECLARE day date := (now() AT TIME ZONE 'UTC')::date; BEGIN EXECUTE format('CREATE TABLE events_%s \
        PARTITION OF events FOR VALUES FROM (%L) TO (%L)', to_char(day, 'YYYYMMDD'), day || ' 00:00:00+00', \
        (day + 1) || ' 00:00:00+00'); END $$";
    sqlx::raw_sql(day).execute(&pool).await.unwrap();
    for statement in FULL {
        sqlx::query(statement).execute(&pool).await.unwrap();
    }
    let evidence = "INSERT INTO signal_evidence (signal_key, event_key, event_id, source, type, time, score) \
        SELECT 'sig' || n % 999, md5(n::text)::uuid, n::text, 's', 't', now(), 1 FROM generate_series(1, 50000) n";
    sqlx::query(evidence).execute(&pool).await.unwrap();
    (sandbox, pool)
}

#[tokio::test]
async fn full_tables_that_are_cut_get_their_indexes_while_the_sink_writes() {
    let (sandbox, pool) = full_days("sink_online_days").await;
    // What an attempt that was interrupted leaves behind.
    for statement in [
        "CREATE INDEX events_default_by_type ON events_default (time)",
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'events_default_by_type'::regclass",
    ] {
        sqlx::query(statement).execute(&pool).await.unwrap();
    }
    let sink = writer_of(&sandbox, &[("sluicebox.keys", "on")]).await;
    let enough = Arc::new(AtomicBool::new(false));
    let writer = tokio::spawn(write(sink, &BATCH_OF_DAYS, Arc::clone(&enough)));
    sink::migrate(&pool).await.unwrap();
    enough.store(true, Ordering::Relaxed);
    let written = writer.await.unwrap();
    assert!(
        written.batches > 0 && written.longest < PATIENCE,
        "{:?}",
        written.longest
    );
    for (rows, query) in [
        (
            written.batches,
            "SELECT count(*) FROM events WHERE source = 'late'",
        ),
        (100_001, "SELECT count(*) FROM events WHERE source <> 'late'"),
        (50_000, "SELECT count(*) FROM signal_evidence"),
        (0, "SELECT count(*) FROM pg_index WHERE NOT indisvalid"),
        // They were made beforehand, so that the migration had none to make.
        (
            2,
            "SELECT count(*) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent IN \
             ('events_by_subject'::regclass, 'events_by_type'::regclass) AND relname ~ '^events_default_by_'",
        ),
        (
            0,
            "SELECT count(*) FROM pg_indexes WHERE indexname ~ '_tenant_(subject|type|state)' AND tablename ~ '^(ev|sig)'",
        ),
    ] {
        assert_eq!(number(&pool, query).await, rows, "{query}");
    }
    sink::migrate(&pool).await.unwrap();
    goes_on(&sandbox, &pool).await;
}

/// The sink of this version knows what the one before has stored.
async fn goes_on(sandbox: &Sandbox, pool: &PgPool) {
    let mut sink = sink::connect(&sandbox.settings().postgres).await.unwrap();
    sink.take_over(&tasks()).await.unwrap();
    let key = "INSERT INTO event_keys VALUES ($1, 'default', now())";
    let known = model::Id::new()
        .part("default")
        .part("web")
        .part("known")
        .number();
    sqlx::query(key)
        .bind(uuid::Uuid::from_u128(known))
        .execute(pool)
        .await
        .unwrap();
    let batch = Builder::default()
        .with(scored("known"))
        .with(scored("new"))
        .with(raw("new", b"1"));
    sink.store(batch.batch()).await.unwrap();
    assert_eq!(
        number(pool, "SELECT count(*) FROM events WHERE source = 'web'").await,
        1
    );
    assert_eq!(
        number(pool, "SELECT count(*) FROM raw_events WHERE source = 'web'").await,
        1
    );
}

#[tokio::test]
async fn migrations_of_a_full_database_are_taken_back_with_its_rows() {
    let (_sandbox, pool) = full("sink_back").await;
    sink::migrate(&pool).await.unwrap();
    sink::revert(&pool, BEFORE).await.unwrap();
    assert_eq!(number(&pool, "SELECT count(*) FROM events").await, 100_001);
    assert_eq!(number(&pool, "SELECT count(*) FROM raw_events").await, 50_000);
    sink::migrate(&pool).await.unwrap();
    assert_eq!(number(&pool, "SELECT count(*) FROM event_keys").await, 100_001);
}
