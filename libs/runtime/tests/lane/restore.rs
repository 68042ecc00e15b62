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
fn predecessor(sandbox: &Sandbox, name: &str) -> BaseProducer {
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", sandbox.brokers())
        .set("transactional.id", format!("{}{name}", sandbox.topic_prefix()))
        .create()
        .unwrap();
    producer.init_transactions(PATIENCE).unwrap();
    producer
}

/// Sets every subject's count to 1,000, in the open transaction.
fn count_to_a_thousand(sandbox: &Sandbox, producer: &BaseProducer) {
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
}

fn greatest_count(sandbox: &Sandbox) -> Option<i64> {
    let signals = committed(sandbox, "signals").into_iter();
    signals.map(|signal| signal.evidence_count).max()
}

/// Leaves the newest state of a key in a transaction that is open when the restore begins, and commits it meanwhile.
#[tokio::test]
async fn state_in_a_transaction_that_is_still_open_is_waited_for() {
    let sandbox = Sandbox::new("open_transaction").await.unwrap();
    create_topics(&sandbox, StageName::DedupAggregator).await;
    let watcher = Arc::new(Watcher::default());
    run_once(&sandbox, &watcher, 0..70);

    let producer = predecessor(&sandbox, "predecessor");
    producer.begin_transaction().unwrap();
    count_to_a_thousand(&sandbox, &producer);

    let watcher = Arc::new(Watcher::default());
    let second = shared(&sandbox, &watcher);
    let running = run_stage(&second, StageName::DedupAggregator, || Count).unwrap();
    watcher.wait_for_state(|state| state.starts_with("restoring ") && !state.contains(" of 0 "));
    producer.commit_transaction(PATIENCE).unwrap();
    produce(&sandbox, scored(71..72));
    watcher.wait_for(1);
    second.stop.set();
    running.join().unwrap();
    assert_eq!(
        greatest_count(&sandbox),
        Some(1_001),
        "the state that was committed last is the one that counts"
    );
}

/// Writes one entry into the changelog of the keys that were seen, in a transaction: a record and a marker.
fn mark_seen(sandbox: &Sandbox, producer: &BaseProducer, key: u128) {
    let changelog = format!("{}dedup-aggregator.seen.changelog", sandbox.topic_prefix());
    // The map that an entry is: `until`, far away, and `value`, which is nil.
    let entry = b"\x82\xa5until\xcf\x00\xff\xff\xff\xff\xff\xff\xff\xa5value\xc0";
    producer.begin_transaction().unwrap();
    for partition in 0..PARTITIONS {
        let key = key.to_be_bytes();
        let record = BaseRecord::to(&changelog)
            .partition(partition)
            .key(&key[..])
            .payload(&entry[..]);
        producer.send(record).map_err(|(error, _)| error).unwrap();
    }
    producer.commit_transaction(PATIENCE).unwrap();
}

/// Records that a restoring lane says it has read.
fn records_read(state: &str) -> Option<u64> {
    let read = state.strip_prefix("restoring ")?.split_once(" of ")?.0;
    read.parse().ok()
}

/// One changelog ends several times, because markers are written to it, while another is not read at all yet.
#[tokio::test]
async fn a_changelog_that_ends_twice_does_not_end_the_restore_of_another() {
    let sandbox = Sandbox::new("ends_twice").await.unwrap();
    create_topics(&sandbox, StageName::DedupAggregator).await;
    let watcher = Arc::new(Watcher::default());
    run_once(&sandbox, &watcher, 0..70);

    let (open, marking) = (predecessor(&sandbox, "open"), predecessor(&sandbox, "marking"));
    open.begin_transaction().unwrap();
    count_to_a_thousand(&sandbox, &open);

    let watcher = Arc::new(Watcher::default());
    let second = shared(&sandbox, &watcher);
    let running = run_stage(&second, StageName::DedupAggregator, || Count).unwrap();
    watcher.wait_for_word(|state| records_read(state).is_some_and(|read| read > 0));
    for round in 0..3 {
        mark_seen(&sandbox, &marking, round);
        // It says where it stands every second.
        watcher.wait_for_news(2);
    }
    open.commit_transaction(PATIENCE).unwrap();
    produce(&sandbox, scored(71..72));
    watcher.wait_for(1);
    second.stop.set();
    running.join().unwrap();
    assert_eq!(greatest_count(&sandbox), Some(1_001));
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
    let producer = predecessor(&sandbox, "predecessor");
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
