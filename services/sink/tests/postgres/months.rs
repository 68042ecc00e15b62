//! Detections, notifications and dead letters are cut by time: full tables online, and an id is here once, whatever time
//! a later one tells.

use crate::batches::{Builder, dead_letter};
use crate::database::{Database, tasks};
use crate::online::{PATIENCE, number, write, writer_of};
use model::{Detection, Notification};
use sink::SinkInput;
use sqlx::PgPool;
use sqlx::postgres::PgConnectOptions;
use stage::Drain;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use testkit::Sandbox;

/// The last version before the cut.
const WHOLE: i64 = 12;
const MONTH: i64 = 31 * 24 * 60 * 60 * 1000;

const FULL: [&str; 4] = [
    // Far ahead of every clock.
    "INSERT INTO detections (id, tenant, rule, subject, severity, description, time, window_start, window_end, count, \
     threshold, rules_version) VALUES ('ahead', 'default', 'r', 's', 'low', '', '9999-12-31T23:59:59.999Z', now(), now(), \
     1, 1, 'v')",
    "INSERT INTO detections (id, tenant, rule, subject, severity, description, time, window_start, window_end, count, \
     threshold, rules_version) SELECT 'det_' || n, 't' || n % 3, 'r' || n % 9, 'user:' || n % 999, 'low', '', \
     now() - n * interval '1 min', now(), now(), 1, 1, 'v' FROM generate_series(1, 50000) n",
    "INSERT INTO notifications (id, tenant, channel, group_key, origin, origin_id, subject, level, state, title, body, \
     time, planned_at) SELECT 'ntf_' || n, 't' || n % 3, 'c', 'g', 'signal', 'sig' || n, 's', 'low', 'verified', 't', 'b', \
     now() - n * interval '1 min', now() FROM generate_series(1, 50000) n",
    "INSERT INTO dead_letters (stage, topic, kafka_partition, kafka_offset, time, reason, message, tenant) \
     SELECT 'normalizer', 'ingest.events', n % 3, n, now() - n * interval '1 min', 'r' || n % 9, 'm', \
     CASE WHEN n % 2 = 0 THEN 'default' END FROM generate_series(1, 50000) n",
];

/// A batch of the sink before.
const BATCH: [&str; 3] = [
    "INSERT INTO detections (id, tenant, rule, subject, severity, description, time, window_start, window_end, count, \
     threshold, rules_version) SELECT 'late_' || $1, 'default', 'r', 's', 'low', '', now(), now(), now(), 1, 1, 'v' \
     ON CONFLICT DO NOTHING",
    "INSERT INTO notifications (id, tenant, channel, group_key, origin, origin_id, subject, level, state, title, body, \
     time, planned_at) SELECT 'late_' || $1, 'default', 'c', 'g', 'signal', 's', 's', 'low', 'verified', 't', 'b', now(), \
     now() ON CONFLICT DO NOTHING",
    "INSERT INTO dead_letters (stage, topic, kafka_partition, kafka_offset, time, reason, message) \
     SELECT 'late', 't', 0, $1, now(), 'r', 'm' ON CONFLICT DO NOTHING",
];

async fn full(test: &str) -> (Sandbox, PgPool) {
    let sandbox = Sandbox::new(test).await.unwrap();
    let pool = PgPool::connect(sandbox.postgres_url()).await.unwrap();
    sink::migrations().run_to(WHOLE, &pool).await.unwrap();
    for statement in FULL {
        sqlx::query(statement).execute(&pool).await.unwrap();
    }
    (sandbox, pool)
}

#[tokio::test]
async fn full_tables_are_cut_by_month_and_day_while_the_sink_writes() {
    let (sandbox, pool) = full("sink_cut_months").await;
    // What an attempt that was interrupted leaves behind.
    for statement in [
        "CREATE UNIQUE INDEX detections_place ON detections (id, time)",
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'detections_place'::regclass",
    ] {
        sqlx::query(statement).execute(&pool).await.unwrap();
    }
    let sink = writer_of(&sandbox, &[("sluicebox.keys", "on")]).await;
    let enough = Arc::new(AtomicBool::new(false));
    let until = Arc::clone(&enough);
    let writer = tokio::spawn(async move { write(sink, &BATCH, until).await });
    sink::migrate(&pool).await.unwrap();
    enough.store(true, Ordering::Relaxed);
    let written = writer.await.unwrap();
    let (batches, longest) = (written.batches, written.longest);
    println!("{batches} batches, the longest {longest:?}");
    assert!(batches > 0 && longest < PATIENCE, "{longest:?}");
    for (rows, query) in [
        (50_001 + batches, "SELECT count(*) FROM detections"),
        (50_000 + batches, "SELECT count(*) FROM notifications"),
        (50_000 + batches, "SELECT count(*) FROM dead_letters"),
        (1, "SELECT count(*) FROM detections_default"),
        (0, "SELECT count(*) FROM pg_index WHERE NOT indisvalid"),
        (
            3,
            "SELECT count(*) FROM pg_class WHERE relispartition AND relname IN \
             ('detections_before', 'notifications_before', 'dead_letters_before')",
        ),
        // Every index of the whole has one of each part, and each part has no other.
        (
            0,
            "SELECT count(*) FROM pg_inherits t JOIN pg_index i ON i.indrelid = t.inhrelid \
             LEFT JOIN pg_inherits p ON p.inhrelid = i.indexrelid WHERE t.inhparent IN ('detections'::regclass, \
             'notifications'::regclass, 'dead_letters'::regclass) AND p.inhparent IS NULL",
        ),
    ] {
        assert_eq!(number(&pool, query).await, rows, "{query}");
    }
    sink::migrate(&pool).await.unwrap();
    known_ids_stay_known(&sandbox, &pool).await;
    who_deletes_by_places_is_refused(&sandbox).await;
}

/// As the version before does it.
async fn who_deletes_by_places_is_refused(sandbox: &Sandbox) {
    let upkeep: PgConnectOptions = sandbox.postgres_url().parse().unwrap();
    let upkeep = PgPool::connect_with(upkeep.application_name("sluicebox-upkeep"))
        .await
        .unwrap();
    for table in ["detections", "notifications", "dead_letters"] {
        let oldest = format!(
            "DELETE FROM {table} WHERE ctid = ANY (ARRAY(SELECT ctid FROM {table} ORDER BY time LIMIT 1))"
        );
        let refused = sqlx::query(sqlx::AssertSqlSafe(oldest))
            .execute(&upkeep)
            .await
            .unwrap_err();
        assert!(refused.to_string().contains("older than the tables"), "{refused}");
    }
}

fn of_id(id: &str, time: i64) -> [SinkInput; 2] {
    let detection = Detection {
        id: id.to_owned(),
        time,
        ..Detection::default()
    };
    let notification = Notification {
        id: id.to_owned(),
        time,
        ..Notification::default()
    };
    [
        SinkInput::Detection(Box::new(detection)),
        SinkInput::Notification(Box::new(notification)),
    ]
}

/// Where `…_before` has an id, it is not stored again with another time.
async fn known_ids_stay_known(sandbox: &Sandbox, pool: &PgPool) {
    let mut sink = sink::connect(&sandbox.settings().postgres).await.unwrap();
    sink.take_over(&tasks()).await.unwrap();
    let now = chrono::Utc::now().timestamp_millis();
    let mut batch = Builder::default();
    for (id, time) in [
        ("late_0", now + 2 * MONTH),
        ("fresh", now),
        ("fresh", now - MONTH),
    ] {
        for input in of_id(id, time) {
            batch = batch.with(input);
        }
    }
    sink.store(batch.batch()).await.unwrap();
    for query in [
        "SELECT count(*) FROM detections WHERE id IN ('late_0', 'fresh')",
        "SELECT count(*) FROM notifications WHERE id IN ('late_0', 'fresh')",
    ] {
        assert_eq!(number(pool, query).await, 2, "{query}");
    }
}

#[tokio::test]
async fn what_comes_again_in_another_month_is_stored_once_and_the_first_stays() {
    let mut db = Database::new("sink_other_month").await;
    let now = chrono::Utc::now().timestamp_millis();
    for (at, time) in [now, now - MONTH, now + MONTH, now - 400 * MONTH]
        .into_iter()
        .enumerate()
    {
        let at = i64::try_from(at).unwrap();
        let [detection, notification] = of_id("a", time);
        let letter = SinkInput::DeadLetter(dead_letter("scorer", 7));
        let batch = Builder::from(at).with(detection).with(notification).with(letter);
        db.sink.store(batch.batch()).await.unwrap();
    }
    for table in ["detections", "notifications", "dead_letters"] {
        assert_eq!(db.count(table).await, 1, "{table}");
    }
    let first = "SELECT count(*) FROM detections WHERE time > now() - interval '1 day' AND time < now()";
    assert_eq!(db.number(first).await, 1);
}

#[tokio::test]
async fn the_cut_of_full_tables_is_taken_back_with_their_rows() {
    let (_sandbox, pool) = full("sink_months_back").await;
    sink::migrate(&pool).await.unwrap();
    sink::revert(&pool, WHOLE).await.unwrap();
    for (rows, query) in [
        (50_001, "SELECT count(*) FROM detections"),
        (50_000, "SELECT count(*) FROM notifications"),
        (50_000, "SELECT count(*) FROM dead_letters"),
        (
            18,
            "SELECT count(*) FROM pg_indexes WHERE tablename IN ('detections', 'notifications', 'dead_letters')",
        ),
        (
            0,
            "SELECT count(*) FROM pg_class WHERE relname ~ '_(before|default)$' AND relname ~ '^(det|not|dead)'",
        ),
    ] {
        assert_eq!(number(&pool, query).await, rows, "{query}");
    }
    sink::migrate(&pool).await.unwrap();
    assert_eq!(number(&pool, "SELECT count(*) FROM detections").await, 50_001);
}
