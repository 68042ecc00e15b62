//! Stopped, begun anew, taken over, a lane counts every record once.

use crate::harness::*;
use model::{DeadLetter, Fault, RawEvent, ScoredEvent, Signal};
use rdkafka::ClientConfig;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use runtime::admin::Admin;
use runtime::{Shared, run_stage};
use stage::{Cx, Emit, Poison, Stage};
use std::collections::BTreeMap;
use std::sync::Arc;
use testkit::Sandbox;
use topology::{Prefix, StageName, Topic};

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

/// Reads the open topic, where anybody may write.
struct Guarded;

impl Stage for Guarded {
    type In = RawEvent;
    type Out = Counted;
    type Stores = ();

    fn apply(&mut self, input: RawEvent, (): &mut (), _: &Cx<'_>) -> Result<Emit<Counted>, Poison> {
        if input.time.is_some() {
            return Err(Poison::producer("time_out_of_range", "the year 2099"));
        }
        Ok(Emit::One(Counted(Signal {
            signal_key: input.source,
            ..Signal::default()
        })))
    }
}

/// Counts, and panics after it has counted, where it is told to.
struct Panicking(Count);

impl Stage for Panicking {
    type In = ScoredEvent;
    type Out = Counted;
    type Stores = Counts;

    fn apply(
        &mut self,
        input: ScoredEvent,
        stores: &mut Counts,
        cx: &Cx<'_>,
    ) -> Result<Emit<Counted>, Poison> {
        let panics = input.event.id.ends_with("51");
        let counted = self.0.apply(input, stores, cx);
        assert!(!panics, "as it was told to");
        counted
    }
}

fn raw(id: usize, time: Option<i64>) -> (usize, Vec<u8>) {
    let event = RawEvent {
        id: id.to_string(),
        source: "/flood".to_owned(),
        tenant: "acme".to_owned(),
        time,
        ..RawEvent::default()
    };
    (3, model::Encoder::new(IDS).encoded(&event))
}

#[tokio::test]
async fn a_flood_of_rubbish_goes_by_and_the_good_record_behind_it_comes_out() {
    let sandbox = Sandbox::new("rubbish_flood").await.unwrap();
    create_topics(&sandbox, StageName::Normalizer).await;
    let flood = (0..10_000).map(|id| raw(id, Some(4_070_908_800_000)));
    produce_on(&sandbox, Topic::IngestEvents, flood);
    let junk = (0..10_000).map(|_| (3, br#"{"specversion":"1.0","source":"/junk"}"#.to_vec()));
    produce_on(&sandbox, Topic::IngestEvents, junk);
    produce_on(&sandbox, Topic::IngestEvents, std::iter::once(raw(0, None)));

    let watcher = Arc::new(Watcher::default());
    let shared = shared(&sandbox, &watcher);
    let running = run_stage(&shared, StageName::Normalizer, || Guarded).unwrap();
    let counts = watcher.wait_for(20_001);
    shared.stop.set();
    running.join().unwrap();
    assert_eq!((counts.out, counts.dead_of_producers), (1, 20_000));
    assert_eq!(counts.dead["time_out_of_range"], 10_000);
    assert_eq!(committed(&sandbox, "signals").len(), 1);
    let letters = dead_letters(&sandbox).await;
    let whose = |source: &str, tenant: Option<&str>| {
        let same = |letter: &&DeadLetter| {
            letter.source.as_deref() == Some(source) && letter.tenant.as_deref() == tenant
        };
        letters.iter().filter(same).count()
    };
    assert_eq!(
        (whose("/flood", Some("acme")), whose("/junk", None)),
        (10_000, 10_000)
    );
    assert!(letters.iter().all(|letter| letter.fault == Fault::Producer));
}

#[tokio::test]
async fn a_record_that_makes_the_stage_panic_is_a_dead_letter_and_leaves_nothing_in_the_state() {
    let sandbox = Sandbox::new("panics").await.unwrap();
    create_topics(&sandbox, StageName::DedupAggregator).await;
    produce_to(&sandbox, 0, scored(1..400));
    let watcher = Arc::new(Watcher::default());
    let shared = shared(&sandbox, &watcher);
    let running = run_stage(&shared, StageName::DedupAggregator, || Panicking(Count)).unwrap();
    let counts = watcher.wait_for(399);
    shared.stop.set();
    running.join().unwrap();
    assert_eq!((counts.out, counts.dead["panic"]), (356, 4));
    let signals = committed(&sandbox, "signals");
    let mut counted: BTreeMap<String, i64> = BTreeMap::new();
    for signal in signals {
        let count = counted.entry(signal.signal_key).or_default();
        assert_eq!(
            signal.evidence_count,
            *count + 1,
            "what a panicking record counted is gone"
        );
        *count += 1;
    }
    assert_eq!(counted.values().sum::<i64>(), 356);
    let letters = dead_letters(&sandbox).await;
    assert_eq!(letters.len(), 4);
    assert!(
        letters.iter().all(|letter| letter.fault == Fault::Ours),
        "{letters:?}"
    );
}

#[tokio::test]
async fn a_partition_stops_before_our_own_fault_turns_it_into_dead_letters_and_the_others_go_on() {
    let sandbox = Sandbox::new("dead_letter_limit").await.unwrap();
    create_topics(&sandbox, StageName::DedupAggregator).await;
    produce_to(&sandbox, 1, scored(0..70));
    let bad = std::iter::repeat_n(b"not avro".to_vec(), 500);
    produce_to(&sandbox, 1, std::iter::repeat(3).zip(bad));
    produce_to(&sandbox, 2, scored(70..140));
    let watcher = Arc::new(Watcher::default());
    let mut limited = shared(&sandbox, &watcher);
    limited.dead_letters.consecutive = 20;
    let running = run_stage(&limited, StageName::DedupAggregator, || Count).unwrap();
    watcher.wait_for_word(|state| {
        state.contains("21 records in a row") && state.contains("undecodable") && state.contains("scored-1")
    });
    let counts = watcher.wait_for(160);
    assert_eq!(counts.dead["undecodable"], 20);
    produce_to(&sandbox, 2, scored(140..210));
    watcher.wait_for(230);
    limited.stop.set();
    running.join().unwrap();
    assert_eq!(dead_letters(&sandbox).await.len(), 20);

    let mut lifted = shared(&sandbox, &watcher);
    lifted.dead_letters.consecutive = 0;
    let running = run_stage(&lifted, StageName::DedupAggregator, || Count).unwrap();
    watcher.wait_for(710);
    lifted.stop.set();
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
