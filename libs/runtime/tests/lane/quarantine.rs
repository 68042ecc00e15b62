//! A task that cannot go on is put aside, and everything else goes on.

use crate::harness::*;
use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use runtime::admin::{Admin, QuarantinedTask};
use runtime::{Shared, run_stage};
use std::sync::Arc;
use testkit::Sandbox;
use topology::{StageName, Topic};

const STAGE: StageName = StageName::DedupAggregator;

/// What is no state of any version, in one partition of a changelog.
fn spoil(sandbox: &Sandbox, changelog: &str, partition: i32) {
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", sandbox.brokers())
        .create()
        .unwrap();
    let topic = format!("{}{changelog}", sandbox.topic_prefix());
    let record = BaseRecord::to(&topic)
        .partition(partition)
        .key("k")
        .payload(&[0xc1_u8][..]);
    producer.send(record).map_err(|(error, _)| error).unwrap();
    producer.flush(PATIENCE).unwrap();
}

/// Waits until the notes are as wanted: a lane leaves them beside its work.
async fn noted(shared: &Shared, wanted: impl Fn(&[QuarantinedTask]) -> bool) -> Vec<QuarantinedTask> {
    let admin = Admin::new(&shared.kafka, &shared.prefix).unwrap();
    let noted = async {
        loop {
            let noted = admin.quarantined(&[STAGE]).await.unwrap();
            if wanted(&noted) {
                return noted;
            }
        }
    };
    tokio::time::timeout(PATIENCE, noted).await.unwrap()
}

fn spread(events: std::ops::Range<usize>) -> impl Iterator<Item = (i32, Vec<u8>)> {
    events.map(|id| (i32::try_from(id % 3).unwrap(), scored_event(id)))
}

fn produce_spread(sandbox: &Sandbox, events: std::ops::Range<usize>) {
    for partition in 0..PARTITIONS {
        let own = spread(events.clone()).filter(|(of, _)| *of == partition);
        produce_to(sandbox, partition, own.map(|(_, bytes)| (0, bytes)));
    }
}

#[tokio::test]
async fn a_changelog_record_that_nobody_can_read_costs_its_task_alone_whoever_owns_it() {
    let sandbox = Sandbox::new("quarantine_changelog").await.unwrap();
    create_topics(&sandbox, STAGE).await;
    let watcher = Arc::new(Watcher::default());
    produce_spread(&sandbox, 0..30);
    let first = shared(&sandbox, &watcher);
    let running = run_stage(&first, STAGE, || Count).unwrap();
    watcher.wait_for(30);
    first.stop.set();
    running.join().unwrap();
    spoil(&sandbox, "dedup-aggregator.signals.changelog", 1);

    produce_spread(&sandbox, 30..60);
    let watcher = Arc::new(Watcher::default());
    let one = shared(&sandbox, &watcher);
    let running_one = run_stage(&one, STAGE, || Count).unwrap();
    watcher.wait_for(20);
    watcher.wait_for_word(|state| state.starts_with("degraded: 2 tasks run, 1 quarantined"));
    let noted_tasks = noted(&one, |noted| !noted.is_empty()).await;
    let [task] = noted_tasks.as_slice() else {
        panic!("{noted_tasks:?}")
    };
    assert_eq!(
        (task.topic, task.partition, task.retry),
        (Topic::EventsScored, 1, false)
    );
    assert!(
        task.why.contains("signals.changelog") && task.why.contains("run the version that wrote it"),
        "{}",
        task.why
    );

    // Whoever has it next finds the same, and ends no other task of its own.
    let other = Arc::new(Watcher::default());
    let two = Shared {
        instance: "other".to_owned(),
        ..shared(&sandbox, &other)
    };
    let running_two = run_stage(&two, STAGE, || Count).unwrap();
    one.stop.set();
    running_one.join().unwrap();
    other.wait_for_word(|state| state.starts_with("degraded: 2 tasks run, 1 quarantined"));
    produce_spread(&sandbox, 60..90);
    other.wait_for(20);
    two.stop.set();
    running_two.join().unwrap();
}

#[tokio::test]
async fn a_quarantined_task_goes_on_where_it_stood_once_somebody_asks() {
    let sandbox = Sandbox::new("quarantine_retry").await.unwrap();
    create_topics(&sandbox, STAGE).await;
    produce_to(&sandbox, 1, scored(0..10));
    let bad = std::iter::repeat_n(b"not avro".to_vec(), 30);
    produce_to(&sandbox, 1, std::iter::repeat(3).zip(bad));
    produce_to(&sandbox, 1, scored(10..20));
    let watcher = Arc::new(Watcher::default());
    let mut limited = shared(&sandbox, &watcher);
    limited.dead_letters.consecutive = 20;
    let running = run_stage(&limited, STAGE, || Count).unwrap();
    let counts = watcher.wait_for(30);
    watcher.wait_for_word(|state| state.contains("1 quarantined") && state.contains("21 records in a row"));
    assert_eq!(counts.dead["undecodable"], 20, "{counts:?}");

    let admin = Admin::new(&limited.kafka, &limited.prefix).unwrap();
    let tasks = noted(&limited, |noted| !noted.is_empty()).await;
    admin.retry(&tasks).await.unwrap();
    let counts = watcher.wait_for(50);
    noted(&limited, <[_]>::is_empty).await;
    limited.stop.set();
    running.join().unwrap();
    assert_eq!((counts.dead["undecodable"], counts.out), (30, 18), "{counts:?}");
}
