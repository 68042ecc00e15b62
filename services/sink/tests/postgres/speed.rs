//! What a row costs, for those who change a table: `cargo test --release -p sluicebox-sink speed -- --ignored --nocapture`.

use crate::batches::{Builder, raw, scored, signal};
use crate::database::Database;
use stage::Drain;
use std::time::{Duration, Instant};

const BATCHES: usize = 40;
const ROWS: usize = 2000;
const DATA: &[u8] = br#"{"user_id":"user123","amount":99.99,"product":"Widget","currency":"USD","items":[{"sku":"A-1","count":2},{"sku":"B-7","count":1}],"geo":{"country":"DE","city":"Berlin"},"session":"0d4c7f0a-5d7e-4a53-9d0f-2f6f9f1f3c11"}"#;

/// Measures one kind of row; the builder makes row `at` of all.
async fn measure(name: &'static str, add: impl Fn(Builder, usize) -> Builder) {
    let mut db = Database::new("sink_speed").await;
    let backend = db
        .number(
            "SELECT pid::bigint FROM pg_stat_activity WHERE datname = current_database() \
             AND application_name = 'sluicebox-sink'",
        )
        .await;
    let cpu = || [cpu_ticks("self"), cpu_ticks(&backend.to_string())];
    let (before, mut spent) = (cpu(), Duration::ZERO);
    let mut offset = 0;
    for batch in 0..BATCHES {
        let mut builder = Builder::from(offset);
        for row in 0..ROWS {
            builder = add(builder, batch * ROWS + row);
        }
        let batch = builder.batch();
        offset = batch.advances[0].to;
        let began = Instant::now();
        db.sink.store(batch).await.unwrap();
        spent += began.elapsed();
    }
    let size = db.number("SELECT pg_database_size(current_database())").await / 1024;
    let each = spent.as_secs_f64() * 1e6 / (BATCHES * ROWS) as f64;
    let after = cpu();
    // A tick is 10 ms. Ours includes making the records.
    let [ours, theirs] = [0, 1].map(|at| (after[at] - before[at]) as f64 * 1e4 / (BATCHES * ROWS) as f64);
    println!(
        "{name:24} {each:5.1} µs/row ({:6.0} rows/s); CPU: sink {ours:.1} µs, PostgreSQL {theirs:.1} µs; {size} KiB",
        1e6 / each
    );
}

/// CPU time of a process, in ticks; nothing where there is no `/proc`.
fn cpu_ticks(process: &str) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    after_name
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|ticks| ticks.parse::<u64>().ok())
        .sum()
}

#[tokio::test]
#[ignore = "a measurement, not a test"]
async fn speed() {
    measure("raw_events", |to, at| {
        to.with(raw(&format!("evt_{at:032x}"), DATA))
    })
    .await;
    measure("events", |to, at| to.with(scored(&format!("evt_{at:032x}")))).await;
    measure("signals, 8 versions each", |to, at| {
        let events: Vec<String> = (0..=at % 8)
            .map(|event| format!("evt_{:032x}", at / 8 * 8 + event))
            .collect();
        let events: Vec<&str> = events.iter().map(String::as_str).collect();
        to.with(signal(
            &format!("sig_{:032x}", at / 8),
            i64::try_from(at % 8).unwrap(),
            &events,
        ))
    })
    .await;
    measure("raw_events + events", |to, at| {
        let id = format!("evt_{at:032x}");
        to.with(raw(&id, DATA)).with(scored(&id))
    })
    .await;
}
