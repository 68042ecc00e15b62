//! Restores end where the state ends: after an open transaction, a deleted key, a control record; never with a gap.

use crate::harness::*;
use rdkafka::ClientConfig;
use rdkafka::TopicPartitionList;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use runtime::{StageFailed, run_stage};
use std::sync::Arc;
use testkit::Sandbox;
use topology::StageName;

/// A transactional producer that stands for a predecessor.
fn predecessor(sandbox: &Sandbox) -> BaseProducer {
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", sandbox.brokers())
        .set(
            "transactional.id",
            format!("{}predecessor", sandbox.topic_prefix()),
        )
        .create()
        .unwrap();
    producer.init_transactions(PATIENCE).unwrap();
    producer
}

/// Leaves the newest state of a key in a transaction that is open when the restore begins, and commits it meanwhile.
#[tokio::test]
async fn state_in_a_transaction_that_is_still_open_is_waited_for() {
    let sandbox = Sandbox::new("open_transaction").await.unwrap();
    create_topics(&sandbox, StageName::DedupAggregator).await;
    let watcher = Arc::new(Watcher::default());
    run_once(&sandbox, &watcher, 0..70);

    let producer = predecessor(&sandbox);
    producer.begin_transaction().unwrap();
    let changelog = format!("{}dedup-aggregator.signals.changelog", sandbox.topic_prefix());
    // 1,000 in MessagePack.
    let thousand = [0xcd, 0x03, 0xe8];
    // The partitions where the seven subjects are.
    for partition in 1..PARTITIONS {
        for subject in 0..7 {
            let key = format!("s{subject}");
            let record = BaseRecord::to(&changelog)
                .partition(partition)
                .key(&key)
                .payload(&thousand[..]);
            producer.send(record).map_err(|(error, _)| error).unwrap();
        }
    }
    producer.flush(PATIENCE).unwrap();

    let watcher = Arc::new(Watcher::default());
    let second = shared(&sandbox, &watcher);
    let running = run_stage(&second, StageName::DedupAggregator, || Count).unwrap();
    watcher.wait_for_state(|state| state.starts_with("restoring 0 of ") && !state.contains("of 0 "));
    producer.commit_transaction(PATIENCE).unwrap();
    produce(&sandbox, scored(71..72));
    watcher.wait_for(1);
    second.stop.set();
    running.join().unwrap();
    let last = committed(&sandbox, "signals")
        .into_iter()
        .map(|signal| signal.evidence_count)
        .max();
    assert_eq!(
        last,
        Some(1_001),
        "the state that was committed last is the one that counts"
    );
}

/// Runs the stage over these events and stops it.
fn run_once(sandbox: &Sandbox, watcher: &Arc<Watcher>, events: std::ops::Range<usize>) {
    let count = events.len() as u64;
    produce(sandbox, scored(events));
    let first = shared(sandbox, watcher);
    let running = run_stage(&first, StageName::DedupAggregator, || Count).unwrap();
    watcher.wait_for(count);
    first.stop.set();
    running.join().unwrap();
}

/// Why the tasks of the stage are quarantined.
fn refusal(sandbox: &Sandbox, watcher: &Arc<Watcher>) -> String {
    let second = shared(sandbox, watcher);
    let running = run_stage(&second, StageName::DedupAggregator, || Count).unwrap();
    watcher.wait_for_word(|state| state.starts_with("degraded"));
    second.stop.set();
    running.join().unwrap();
    let states = watcher.states.lock().unwrap();
    let degraded = states.iter().find(|state| state.starts_with("degraded"));
    degraded.cloned().unwrap()
}

/// An offset that a predecessor has sent and not yet committed is no offset, and it is not none either.
#[tokio::test]
async fn an_offset_that_is_not_decided_yet_is_waited_for() {
    let sandbox = Sandbox::new("unstable_offset").await.unwrap();
    create_topics(&sandbox, StageName::DedupAggregator).await;
    let watcher = Arc::new(Watcher::default());
    run_once(&sandbox, &watcher, 0..70);

    let group: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", sandbox.brokers())
        .set("group.id", format!("{}dedup-aggregator", sandbox.topic_prefix()))
        .create()
        .unwrap();
    let topic = format!("{}events.scored", sandbox.topic_prefix());
    let mut offsets = TopicPartitionList::new();
    for partition in 1..PARTITIONS {
        offsets.add_partition(&topic, partition);
    }
    let offsets = group.committed_offsets(offsets, PATIENCE).unwrap();
    let producer = predecessor(&sandbox);
    producer.begin_transaction().unwrap();
    let nobody = group.group_metadata().unwrap();
    producer
        .send_offsets_to_transaction(&offsets, &nobody, PATIENCE)
        .unwrap();

    let watcher = Arc::new(Watcher::default());
    let second = shared(&sandbox, &watcher);
    let running = run_stage(&second, StageName::DedupAggregator, || Count).unwrap();
    // A lane that takes the first answer for what it is would run by the time it says this a second time.
    watcher.wait_for_state(|state| state.starts_with("restoring 0 of 0 records, 0/s; 0"));
    producer.commit_transaction(PATIENCE).unwrap();
    produce(&sandbox, scored(71..72));
    let counts = watcher.wait_for(1);
    second.stop.set();
    running.join().unwrap();
    assert_eq!(
        (counts.read, counts.duplicate),
        (1, 0),
        "the partition was read from its beginning"
    );
}

#[tokio::test]
async fn records_that_were_deleted_unread_quarantine_their_task() {
    let sandbox = Sandbox::new("deleted_unread").await.unwrap();
    create_topics(&sandbox, StageName::DedupAggregator).await;
    let watcher = Arc::new(Watcher::default());
    run_once(&sandbox, &watcher, 0..70);
    produce(&sandbox, scored(70..500));
    delete_records(&sandbox, "events.scored").await;
    let why = refusal(&sandbox, &watcher);
    assert!(
        why.contains("deleted unread") && why.contains("retention"),
        "{why}"
    );
}

#[tokio::test]
async fn a_changelog_that_is_missing_stops_the_stage() {
    let sandbox = Sandbox::new("changelog_missing").await.unwrap();
    create_topics(&sandbox, StageName::DedupAggregator).await;
    let watcher = Arc::new(Watcher::default());
    run_once(&sandbox, &watcher, 0..70);
    delete_topic(&sandbox, "dedup-aggregator.signals.changelog").await;
    let second = shared(&sandbox, &watcher);
    let running = run_stage(&second, StageName::DedupAggregator, || Count).unwrap();
    let StageFailed { why, .. } = running.join().unwrap_err();
    assert!(
        why.contains("signals.changelog") && why.contains("topics apply"),
        "{why}"
    );
}
