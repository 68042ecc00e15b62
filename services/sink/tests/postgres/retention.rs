//! Days are made and dropped, and old rows deleted, while the sink stores.

use crate::batches::{Builder, dead_letter, detection, one_of_each, raw, scored_event};
use crate::database::Database;
use settings::RetentionSettings;
use sink::{Done, SinkInput};
use sqlx::postgres::PgConnectOptions;
use stage::Drain;
use std::time::Duration;

/// How long whoever detaches a part waits for its lock at most, and the sink behind it.
const LOCK: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_hours(24);

/// What a day 40 days ago and a year ago left behind, and what was stored only now of then.
const OLD: &str = "
    CREATE TABLE events_20200101 PARTITION OF events
        FOR VALUES FROM ('2020-01-01 00:00:00+00') TO ('2020-01-02 00:00:00+00');
    INSERT INTO events (event_key, tenant, source, id, type, subject, time, received_at, stored_at, score, level, matched,
        rules_version)
    SELECT md5(n::text)::uuid, 'default', 's', n::text, 't', 's', CASE n % 4 WHEN 0 THEN '2020-01-01T12:00:00Z'
        ELSE '2019-01-01T00:00:00Z'::timestamptz + n * interval '1 s' END, now(),
        CASE n % 4 WHEN 1 THEN now() ELSE '2020-01-01T00:00:00Z' END, 1, 'low', 1, 'v' FROM generate_series(1, 8000) n;
    INSERT INTO event_keys SELECT event_key, tenant, time FROM events;
    INSERT INTO signals (signal_key, version, tenant, type, subject, title, state, score, level, evidence_count,
        source_count, suppressed, first_seen, last_seen, stored_at, rules_version)
    SELECT 'old' || n, 1, 't' || n % 3, 't', 's', 't', 'candidate', 1, 'low', 1, 1, 0, '2020-01-01', '2020-01-01',
        CASE WHEN n = 1 THEN now() ELSE '2020-01-01' END, 'v' FROM generate_series(1, 3000) n;
    INSERT INTO signal_evidence (signal_key, event_key, event_id, source, type, time, score)
    SELECT 'old' || n, gen_random_uuid(), 'e', 's', 't', '2020-01-01', 1 FROM generate_series(1, 3000) n;
    INSERT INTO dead_letters SELECT 's', 't', 0, n, '2020-01-01', 'r', 'm' FROM generate_series(1, 1500) n;";

/// A month and a day of those that were cut later, with rows, and rows of a month that was never made.
const OLD_MONTHS: &str = "
    CREATE TABLE detections_202001 PARTITION OF detections
        FOR VALUES FROM ('2020-01-01 00:00:00+00') TO ('2020-02-01 00:00:00+00');
    INSERT INTO detections (id, tenant, rule, subject, severity, description, time, window_start, window_end, count,
        threshold, rules_version, stored_at)
    SELECT 'det' || n, 't' || n % 3, 'r', 's', 'low', '', CASE n % 2 WHEN 0 THEN '2020-01-15' ELSE '2019-01-15' END::timestamptz,
        now(), now(), 1, 1, 'v', CASE n % 4 WHEN 1 THEN now() ELSE '2020-01-15' END FROM generate_series(1, 4000) n;
    CREATE TABLE dead_letters_20200101 PARTITION OF dead_letters
        FOR VALUES FROM ('2020-01-01 00:00:00+00') TO ('2020-01-02 00:00:00+00');
    INSERT INTO dead_letters SELECT 's', 't', 0, n, '2020-01-01', 'r', 'm' FROM generate_series(1, 1500) n;
    CREATE TABLE notifications_201901 PARTITION OF notifications
        FOR VALUES FROM ('2019-01-01 00:00:00+00') TO ('2019-02-01 00:00:00+00');
    ALTER TABLE notifications DETACH PARTITION notifications_201901;";

fn options(db: &Database) -> PgConnectOptions {
    db.pool.connect_options().as_ref().clone()
}

async fn maintain(db: &Database, retention: &RetentionSettings) -> Done {
    let done = sink::maintain(&options(db), retention).await.unwrap();
    done.expect("nobody else is at it")
}

async fn run(db: &Database, statements: &'static str) {
    sqlx::raw_sql(statements).execute(&db.pool).await.unwrap();
}

#[tokio::test]
async fn what_is_old_goes_and_the_sink_stores_meanwhile() {
    let mut db = Database::new("sink_retention").await;
    run(&db, OLD).await;
    let (options, retention) = (options(&db), RetentionSettings::default());
    let maintaining = tokio::spawn(async move { sink::maintain(&options, &retention).await });
    let mut at = 0;
    while !maintaining.is_finished() {
        let mut batch = Builder::from(at).with(raw(&format!("{at}"), b"1")).batch();
        batch.records[0].time = chrono::Utc::now().timestamp_millis();
        db.sink.store(batch).await.unwrap();
        at += 1;
    }
    let done = maintaining.await.unwrap().unwrap().unwrap();
    let deleted = [
        ("signals", 2999),
        ("dead_letters_default", 1500),
        ("events_default", 4000),
    ];
    assert_eq!(done.deleted, deleted);
    assert_eq!(
        done.changes.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["drop events_20200101"]
    );
    assert_eq!(db.count("raw_events").await, at);
    for (rows, query) in [
        (2000, "SELECT count(*) FROM events"),
        (2000, "SELECT count(*) FROM event_keys"),
        (1, "SELECT count(*) FROM signal_evidence"),
        (
            0,
            "SELECT count(*) FROM pg_class WHERE relname = 'events_20200101'",
        ),
    ] {
        assert_eq!(db.number(query).await, rows, "{query}");
    }
    assert_eq!(
        maintain(&db, &RetentionSettings::default()).await,
        Done::default()
    );
}

#[tokio::test]
async fn months_and_days_of_what_is_cut_go_as_a_whole_while_the_sink_stores() {
    let mut db = Database::new("sink_months").await;
    run(&db, OLD_MONTHS).await;
    let (options, retention) = (options(&db), RetentionSettings::default());
    let maintaining = tokio::spawn(async move { sink::maintain(&options, &retention).await });
    let (mut at, mut longest) = (0, Duration::ZERO);
    while !maintaining.is_finished() {
        let began = std::time::Instant::now();
        let mut letter = dead_letter("scorer", at);
        letter.time = chrono::Utc::now().timestamp_millis();
        let letter = SinkInput::DeadLetter(letter);
        let batch = Builder::from(at)
            .with(detection(&format!("new{at}")))
            .with(letter)
            .batch();
        db.sink.store(batch).await.unwrap();
        longest = longest.max(began.elapsed());
        at += 1;
    }
    let done = maintaining.await.unwrap().unwrap().unwrap();
    let told: Vec<_> = done.changes.iter().map(ToString::to_string).collect();
    let drops = [
        "detections_202001",
        "dead_letters_20200101",
        "notifications_201901",
    ];
    assert_eq!(told, drops.map(|part| format!("drop {part}")));
    assert_eq!(done.deleted, [("detections_default", 1000)]);
    assert!(longest < 2 * LOCK, "{longest:?}");
    let late = "SELECT count(*) FROM detections WHERE time < '2020-01-01' AND id LIKE 'det%'";
    assert_eq!(db.number(late).await, 1000, "what was stored only lately stays");
    assert_eq!(db.count("dead_letters").await, at);
    assert_eq!(
        maintain(&db, &RetentionSettings::default()).await,
        Done::default()
    );
}

#[tokio::test]
async fn days_that_were_detached_and_not_dropped_are_dropped() {
    let db = Database::new("sink_detached").await;
    run(&db, OLD).await;
    run(&db, "ALTER TABLE events DETACH PARTITION events_20200101").await;
    let forever = RetentionSettings {
        events: Duration::ZERO,
        signals: Duration::ZERO,
        dead_letters: Duration::ZERO,
        ..RetentionSettings::default()
    };
    let done = maintain(&db, &forever).await;
    assert_eq!((done.changes.len(), done.deleted.len()), (1, 0));
    assert_eq!(db.number("SELECT count(*) FROM event_keys").await, 6000);
}

#[tokio::test]
async fn one_process_does_it_at_a_time() {
    let db = Database::new("sink_one_upkeep").await;
    let mut held = db.pool.acquire().await.unwrap();
    sqlx::query("SELECT pg_advisory_lock(1936487785)")
        .execute(&mut *held)
        .await
        .unwrap();
    let done = sink::maintain(&options(&db), &RetentionSettings::default()).await;
    assert_eq!(done.unwrap(), None);
}

#[tokio::test]
async fn a_day_that_is_made_late_takes_over_what_came_before_it() {
    let mut db = Database::new("sink_late_day").await;
    run(
        &db,
        "DO $$ DECLARE day regclass; BEGIN FOR day IN SELECT inhrelid::regclass FROM pg_inherits \
         WHERE inhparent = 'raw_events'::regclass AND inhrelid::regclass::text <> 'raw_events_default' LOOP \
         EXECUTE 'DROP TABLE ' || day; END LOOP; END $$",
    )
    .await;
    let mut batch = Builder::default().with(raw("1", b"1")).batch();
    batch.records[0].time = chrono::Utc::now().timestamp_millis();
    db.sink.store(batch).await.unwrap();
    assert_eq!(db.number("SELECT count(*) FROM raw_events_default").await, 1);
    let made = maintain(&db, &RetentionSettings::default()).await;
    assert_eq!(made.changes.len(), 5);
    assert_eq!(db.number("SELECT count(*) FROM raw_events_default").await, 0);
    assert_eq!(db.count("raw_events").await, 1);
}

#[tokio::test]
async fn an_event_that_comes_again_with_the_time_of_another_day_is_one_event() {
    let mut db = Database::new("sink_other_day").await;
    db.sink.store(one_of_each().batch()).await.unwrap();
    let mut later = scored_event("1");
    later.event.time += i64::try_from((3 * DAY).as_millis()).unwrap();
    later.event.text = Some("told again".to_owned());
    let mut again = Builder::from(1);
    for _ in 0..2 {
        again = again.with(SinkInput::Scored(Box::new(later.clone())));
    }
    db.sink.store(again.batch()).await.unwrap();
    assert_eq!(db.count("events").await, 1);
    assert!(db.word("SELECT text FROM events").await.starts_with("somebody"));
}
