//! A hot partition does not starve the others.

use crate::harness::*;
use runtime::run_stage;
use std::sync::Arc;
use testkit::Sandbox;
use topology::StageName;

#[tokio::test]
async fn a_cold_partition_is_read_long_before_a_hot_one_is_done() {
    const HOT_LEFT: i64 = 100_000;
    const HOT: usize = 200_000;
    let sandbox = Sandbox::new("fairness").await.unwrap();
    create_topics(&sandbox, StageName::DedupAggregator).await;
    // The hot one first, so that whoever reads in the order of arrival reads it to its end first.
    produce_to(&sandbox, 0, scored(0..HOT));
    produce_to(&sandbox, 1, scored(HOT..HOT + 100));

    let watcher = Arc::new(Watcher::default());
    let shared = shared(&sandbox, &watcher);
    let running = run_stage(&shared, StageName::DedupAggregator, || Count).unwrap();
    let hot_when_cold_was_done = {
        let admin = runtime::admin::Admin::new(&shared.kafka, &shared.prefix).unwrap();
        loop {
            let lags = admin.lag().await.unwrap();
            let lag = lags
                .iter()
                .find(|lag| lag.stage == StageName::DedupAggregator)
                .unwrap();
            if lag.partitions[1] == 0 {
                break lag.partitions[0];
            }
        }
    };
    shared.stop.set();
    running.join().unwrap();
    assert!(
        hot_when_cold_was_done > HOT_LEFT,
        "the hot partition had {hot_when_cold_was_done} left"
    );
}
