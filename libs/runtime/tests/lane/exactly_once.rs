//! Stopped, begun anew, taken over, a lane counts every record once.

use crate::harness::*;
use model::{DeadLetter, Signal};
use rdkafka::ClientConfig;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use runtime::admin::Admin;
use runtime::{Shared, run_stage};
use std::collections::BTreeMap;
use std::sync::Arc;
use testkit::Sandbox;
use topology::{Prefix, StageName};

fn counted_once(signals: &[Signal], events: usize) {
    let mut by_subject: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for signal in signals {
        by_subject
            .entry(&signal.signal_key)
            .or_default()
            .push(signal.evidence_count);
    }
    for (subject, counts) in &by_subject {
        let expected: Vec<i64> = (1..).take(counts.len()).collect();
        assert_eq!(counts, &expected, "{subject}: a record was lost or counted twice");
    }
    let scored = (0..events).filter(|id| !id.is_multiple_of(10)).count();
    assert_eq!(signals.len(), scored);
}

#[tokio::test]
async fn a_stage_that_is_stopped_and_begun_anew_counts_every_record_once() {
    let sandbox = Sandbox::new("exactly_once").await.unwrap();
    create_topics(&sandbox, StageName::DedupAggregator).await;
    let events = 5_000;
    produce(&sandbox, scored(0..events));

    let watcher = Arc::new(Watcher::default());
    let first = shared(&sandbox, &watcher);
    let running = run_stage(&first, StageName::DedupAggregator, || Count).unwrap();
    watcher.wait_for(1);
    first.stop.set();
    running.join().unwrap();

    produce(&sandbox, scored(0..events));
    let second = shared(&sandbox, &watcher);
    let running = run_stage(&second, StageName::DedupAggregator, || Count).unwrap();
    let counts = watcher.wait_for(2 * events as u64);
    second.stop.set();
    running.join().unwrap();

    let admin = Admin::new(&second.kafka, &second.prefix).unwrap();
    let lags = admin.lag().await.unwrap();
    let standing = lags
        .iter()
        .find(|lag| lag.stage == StageName::DedupAggregator)
        .unwrap();
    assert_eq!(
        (standing.total(), &standing.counts),
        (0, &counts),
        "the counts stand beside the offsets"
    );

    counted_once(&committed(&sandbox, "signals"), events);
    assert!(counts.conserves());
    assert_eq!(
        (counts.read, counts.out, counts.duplicate),
        (10_000, 4_500, 4_500)
    );
    assert_eq!(counts.filtered["unscored"], 1_000);
}

#[tokio::test]
async fn what_cannot_be_read_becomes_a_dead_letter_and_the_stream_goes_on() {
    let sandbox = Sandbox::new("dead_letters").await.unwrap();
    create_topics(&sandbox, StageName::DedupAggregator).await;
    let mut truncated = scored_event(1);
    truncated.truncate(9);
    let bad = vec![truncated, vec![0, 0, 0, 0, 99, 1], b"not avro".to_vec(), vec![]];
    produce(&sandbox, bad.into_iter().enumerate());
    produce(&sandbox, scored(1..10));

    let watcher = Arc::new(Watcher::default());
    let shared = shared(&sandbox, &watcher);
    let running = run_stage(&shared, StageName::DedupAggregator, || Count).unwrap();
    let counts = watcher.wait_for(13);
    shared.stop.set();
    running.join().unwrap();

    let dead: Vec<(&str, u64)> = counts
        .dead
        .iter()
        .map(|(reason, count)| (reason.as_str(), *count))
        .collect();
    assert_eq!(
        dead,
        [
            ("malformed_avro", 1),
            ("undecodable", 2),
            ("unknown_schema_id", 1)
        ]
    );
    assert!(counts.conserves());
    assert_eq!(committed(&sandbox, "signals").len(), 9);
}

#[tokio::test]
async fn a_second_process_takes_over_only_what_moves_and_nothing_is_lost() {
    let sandbox = Sandbox::new("two_processes").await.unwrap();
    create_topics(&sandbox, StageName::DedupAggregator).await;
    produce(&sandbox, scored(0..3_000));
    let watcher = Arc::new(Watcher::default());
    let one = shared(&sandbox, &watcher);
    let running_one = run_stage(&one, StageName::DedupAggregator, || Count).unwrap();
    watcher.wait_for(1);
    let two = Shared {
        instance: "other".to_owned(),
        ..shared(&sandbox, &watcher)
    };
    let running_two = run_stage(&two, StageName::DedupAggregator, || Count).unwrap();
    produce(&sandbox, scored(3_000..6_000));
    watcher.wait_for(6_000);
    one.stop.set();
    running_one.join().unwrap();
    produce(&sandbox, scored(6_000..9_000));
    let counts = watcher.wait_for(9_000);
    two.stop.set();
    running_two.join().unwrap();
    counted_once(&committed(&sandbox, "signals"), 9_000);
    assert_eq!(counts.read, 9_000);
}

/// Every committed dead letter.
async fn dead_letters(sandbox: &Sandbox) -> Vec<DeadLetter> {
    let prefix = Prefix::new(sandbox.topic_prefix());
    let admin = Admin::new(&sandbox.settings().kafka, &prefix).unwrap();
    let records = admin.read_every(&["dead-letters".to_owned()]).await.unwrap();
    let mut decoder = model::Decoder::new(Arc::new(OwnSchemas));
    let letters = records.iter();
    letters
        .map(|record| decoder.decode(record.value.as_deref().unwrap()).unwrap())
        .collect()
}

#[tokio::test]
async fn a_stage_stops_before_it_turns_everything_into_dead_letters() {
    let sandbox = Sandbox::new("dead_letter_limit").await.unwrap();
    create_topics(&sandbox, StageName::DedupAggregator).await;
    produce(&sandbox, scored(0..70));
    let bad = std::iter::repeat_n(b"not avro".to_vec(), 500);
    produce(&sandbox, std::iter::repeat(3).zip(bad));
    let watcher = Arc::new(Watcher::default());
    let mut shared = shared(&sandbox, &watcher);
    shared.dead_letters.consecutive = 20;
    for _ in 0..2 {
        let running = run_stage(&shared, StageName::DedupAggregator, || Count).unwrap();
        let failed = running.join().unwrap_err();
        assert!(
            failed.why.contains("21 records in a row") && failed.why.contains("undecodable"),
            "{failed}"
        );
    }
    assert!(
        dead_letters(&sandbox).await.len() <= 40,
        "only what earlier transactions held"
    );

    shared.dead_letters.consecutive = 0;
    let running = run_stage(&shared, StageName::DedupAggregator, || Count).unwrap();
    watcher.wait_for(570);
    shared.stop.set();
    running.join().unwrap();
    assert_eq!(dead_letters(&sandbox).await.len(), 500);
}

#[tokio::test]
async fn a_dead_letter_keeps_the_headers_and_says_how_often_the_record_failed() {
    let sandbox = Sandbox::new("dead_letter_headers").await.unwrap();
    create_topics(&sandbox, StageName::DedupAggregator).await;
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", sandbox.brokers())
        .create()
        .unwrap();
    let topic = format!("{}events.scored", sandbox.topic_prefix());
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let headers = [
        ("traceparent", trace),
        ("sluicebox-attempts", "2"),
        ("tag", "a"),
        ("tag", "b"),
    ];
    let headers = headers
        .into_iter()
        .fold(OwnedHeaders::new(), |headers, (key, value)| {
            headers.insert(Header {
                key,
                value: Some(value),
            })
        });
    let record = BaseRecord::to(&topic)
        .key("k")
        .payload("not avro")
        .headers(headers);
    producer.send(record).map_err(|(error, _)| error).unwrap();
    producer.flush(PATIENCE).unwrap();

    let watcher = Arc::new(Watcher::default());
    let shared = shared(&sandbox, &watcher);
    let running = run_stage(&shared, StageName::DedupAggregator, || Count).unwrap();
    watcher.wait_for(1);
    shared.stop.set();
    running.join().unwrap();

    let letter = dead_letters(&sandbox).await.remove(0);
    let carried: Vec<(&str, &[u8])> = letter
        .headers
        .iter()
        .map(|header| (header.key.as_str(), header.value.as_deref().unwrap()))
        .collect();
    assert_eq!(
        carried,
        [("traceparent", trace.as_bytes()), ("tag", b"a"), ("tag", b"b")]
    );
    assert_eq!(letter.attempts, 3);
    assert_eq!(
        letter.trace_id.as_deref(),
        Some("0af7651916cd43dd8448eb211c80319c")
    );
}
