//! A changelog that was emptied while the offsets stand: everything would count anew, in silence. The stage refuses, and
//! each way out that it names leads out.

use crate::harness::*;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{ClientConfig, TopicPartitionList};
use std::sync::Arc;
use testkit::Sandbox;
use topology::StageName;

const STAGE: StageName = StageName::DedupAggregator;
const SIGNALS: &str = "dedup-aggregator.signals.changelog";

/// A stage that has read 70 events and stands still.
async fn stood(name: &str) -> Sandbox {
    let sandbox = Sandbox::new(name).await.unwrap();
    create_topics(&sandbox, STAGE).await;
    run_once(&sandbox, &Arc::default(), 0..70);
    sandbox
}

fn refused(sandbox: &Sandbox) -> String {
    refusal(sandbox, &Arc::default())
}

#[tokio::test]
async fn a_changelog_that_was_made_anew_stops_the_stage() {
    let sandbox = stood("changelog_anew").await;
    empty_topic(&sandbox, SIGNALS).await;
    let why = refused(&sandbox);
    assert!(
        why.contains("signals.changelog") && why.contains("ends at 0, but what was committed reaches"),
        "{why}"
    );
    assert!(
        why.contains("delete its group and all of its changelogs"),
        "{why}"
    );
}

#[tokio::test]
async fn a_changelog_whose_records_were_deleted_stops_the_stage() {
    let sandbox = stood("changelog_cut").await;
    delete_records(&sandbox, SIGNALS).await;
    let why = refused(&sandbox);
    assert!(
        why.contains("signals.changelog") && why.contains("but what was committed begins at 0"),
        "{why}"
    );
}

/// It reaches farther with each transaction, not only with each restore.
#[tokio::test]
async fn what_is_written_after_a_restore_counts() {
    let sandbox = stood("changelog_older").await;
    let ends = ends_of_signals(&sandbox);
    run_once(&sandbox, &Arc::default(), 70..140);
    empty_topic(&sandbox, SIGNALS).await;
    fill_signals(&sandbox, &ends);
    let why = refused(&sandbox);
    assert!(
        why.contains("signals.changelog") && why.contains("but what was committed reaches"),
        "{why}"
    );
}

fn ends_of_signals(sandbox: &Sandbox) -> Vec<i64> {
    let reader: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", sandbox.brokers())
        .create()
        .unwrap();
    let topic = format!("{}{SIGNALS}", sandbox.topic_prefix());
    let end = |partition| reader.fetch_watermarks(&topic, partition, PATIENCE).unwrap().1;
    (0..PARTITIONS).map(end).collect()
}

/// As long as it was, but without what it said.
fn fill_signals(sandbox: &Sandbox, ends: &[i64]) {
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", sandbox.brokers())
        .create()
        .unwrap();
    let topic = format!("{}{SIGNALS}", sandbox.topic_prefix());
    for (partition, end) in (0..).zip(ends) {
        for _ in 0..*end {
            let tombstone = BaseRecord::<str, [u8]>::to(&topic)
                .partition(partition)
                .key("gone");
            producer.send(tombstone).map_err(|(error, _)| error).unwrap();
        }
    }
    producer.flush(PATIENCE).unwrap();
}

#[tokio::test]
async fn without_its_group_and_its_changelogs_the_stage_begins_anew() {
    let sandbox = stood("begun_anew").await;
    for store in STAGE.stores() {
        empty_topic(&sandbox, &format!("dedup-aggregator.{store}.changelog")).await;
    }
    delete_group(&sandbox, STAGE).await;
    let watcher = Arc::new(Watcher::default());
    run_over(&sandbox, &watcher, 70);
    assert_eq!(watcher.wait_for(70).duplicate, 0);
}

/// An offset that a tool has set says nothing of changelogs.
#[tokio::test]
async fn offsets_that_were_set_by_hand_accept_the_loss() {
    let sandbox = stood("loss_accepted").await;
    empty_topic(&sandbox, SIGNALS).await;
    set_offsets_by_hand(&sandbox);
    produce(&sandbox, scored(71..72));
    let watcher = Arc::new(Watcher::default());
    run_over(&sandbox, &watcher, 1);
    let last = committed(&sandbox, "signals")
        .into_iter()
        .map(|signal| signal.evidence_count);
    assert_eq!(watcher.wait_for(1).read, 1);
    assert_eq!(
        last.filter(|count| *count == 1).count(),
        7 + 1,
        "its subject is counted anew"
    );
}

/// As `kafka-consumer-groups --reset-offsets --to-current` does.
fn set_offsets_by_hand(sandbox: &Sandbox) {
    let group: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", sandbox.brokers())
        .set("group.id", format!("{}{STAGE}", sandbox.topic_prefix()))
        .create()
        .unwrap();
    let mut offsets = TopicPartitionList::new();
    for partition in 1..PARTITIONS {
        offsets.add_partition(&format!("{}events.scored", sandbox.topic_prefix()), partition);
    }
    let committed = group.committed_offsets(offsets.clone(), PATIENCE).unwrap();
    for element in committed.elements() {
        let set = offsets.set_partition_offset(element.topic(), element.partition(), element.offset());
        set.unwrap();
    }
    group.commit(&offsets, CommitMode::Sync).unwrap();
}
