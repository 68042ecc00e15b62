//! More partitions than there were: keys have moved away from their state. A stage compares before its first record.

use crate::harness::*;
use runtime::{Shared, StageFailed, run_stage};
use std::sync::Arc;
use testkit::Sandbox;
use topology::{Changelog, StageName, Topic};

const STAGE: StageName = StageName::DedupAggregator;

fn refused(shared: &Shared) -> String {
    let running = run_stage(shared, STAGE, || Count).unwrap();
    let StageFailed { why, .. } = running.join().unwrap_err();
    why
}

#[tokio::test]
async fn a_stage_does_not_read_topics_that_grew_since_it_committed() {
    let sandbox = Sandbox::new("grown").await.unwrap();
    create_topics(&sandbox, STAGE).await;
    run_once(&sandbox, &Arc::default(), 0..70);

    let mut shared = shared(&sandbox, &Arc::default());
    shared.kafka.partitions = 6;
    let why = refused(&shared);
    assert!(why.contains("set kafka.partitions to 3"), "{why}");

    let changelogs = Changelog::all().filter(|changelog| changelog.stage == STAGE);
    let mut topics: Vec<String> = changelogs.map(Changelog::topic_name).collect();
    topics.push(Topic::EventsScored.name().to_owned());
    grow_topics(&sandbox, &topics, 6).await;
    produce(&sandbox, scored(0..70));
    let why = refused(&shared);
    assert!(
        why.contains("had 3 partitions when the stage committed last, and has 6"),
        "{why}"
    );

    shared.kafka.partitions = 3;
    assert!(refused(&shared).contains("set kafka.partitions to 6"));
}
