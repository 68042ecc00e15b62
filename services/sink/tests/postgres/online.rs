//! Migrations of full tables, while a sink of the version before goes on writing.

use sqlx::PgPool;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use testkit::Sandbox;

/// The last version that the sink before knows.
const BEFORE: i64 = 3;
/// No batch of the sink before may wait longer.
const PATIENCE: Duration = Duration::from_secs(5);

const FULL: [&str; 3] = [
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

struct Written {
    batches: i64,
    longest: Duration,
}

/// Writes batch after batch until told to stop, or refused because the tables are no longer its own.
async fn write(pool: PgPool, stop: Arc<AtomicBool>) -> Written {
    let mut written = Written {
        batches: 0,
        longest: Duration::ZERO,
    };
    while !stop.load(Ordering::Relaxed) {
        let began = Instant::now();
        let mut batch = pool.begin().await.unwrap();
        for statement in BATCH {
            let stored = sqlx::query(statement)
                .bind(written.batches)
                .execute(&mut *batch)
                .await;
            stored.unwrap();
        }
        batch.commit().await.unwrap();
        written.batches += 1;
        written.longest = written.longest.max(began.elapsed());
    }
    written
}

async fn number(pool: &PgPool, query: &'static str) -> i64 {
    sqlx::query_scalar(query).fetch_one(pool).await.expect(query)
}

#[tokio::test]
async fn a_full_database_is_migrated_while_the_sink_writes() {
    let sandbox = Sandbox::new("sink_online").await.unwrap();
    let pool = PgPool::connect(sandbox.postgres_url()).await.unwrap();
    sink::migrations().run_to(BEFORE, &pool).await.unwrap();
    for statement in FULL {
        sqlx::query(statement).execute(&pool).await.unwrap();
    }
    // What an attempt that was interrupted leaves behind.
    sqlx::query("CREATE INDEX events_tenant_time ON events (tenant, time, event_key)")
        .execute(&pool)
        .await
        .unwrap();
    sqlx::query("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'events_tenant_time'::regclass")
        .execute(&pool)
        .await
        .unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let writer = tokio::spawn(write(pool.clone(), Arc::clone(&stop)));
    sink::migrate(&pool).await.unwrap();
    stop.store(true, Ordering::Relaxed);
    let written = tokio::time::timeout(PATIENCE, writer).await.unwrap().unwrap();
    assert!(
        written.batches > 0 && written.longest < PATIENCE,
        "{:?}",
        written.longest
    );
    let late = "SELECT count(*) FROM events WHERE source = 'late'";
    assert_eq!(number(&pool, late).await, written.batches);
    assert_eq!(
        number(&pool, "SELECT count(*) FROM events WHERE source <> 'late'").await,
        100_000
    );
    assert_eq!(
        number(&pool, "SELECT count(*) FROM pg_index WHERE NOT indisvalid").await,
        0
    );
    sink::migrate(&pool).await.unwrap();
}
