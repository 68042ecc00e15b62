//! A hot partition does not starve the others.

use crate::harness::*;
use model::ScoredEvent;
use runtime::run_stage;
use stage::{Cx, Emit, Poison, Stage};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use testkit::Sandbox;
use topology::StageName;

/// Counts, and notes how much of the hot partition was read before the last record of the cold one.
struct Noting {
    hot_read: usize,
    hot_before_cold: Arc<AtomicUsize>,
}

impl Stage for Noting {
    type In = ScoredEvent;
    type Out = Counted;
    type Stores = Counts;

    fn apply(
        &mut self,
        input: ScoredEvent,
        stores: &mut Counts,
        cx: &Cx<'_>,
    ) -> Result<Emit<Counted>, Poison> {
        if cx.partition == 0 {
            self.hot_read += 1;
        } else {
            self.hot_before_cold.store(self.hot_read, Ordering::Relaxed);
        }
        Count.apply(input, stores, cx)
    }
}

#[tokio::test]
async fn a_cold_partition_is_read_long_before_a_hot_one_is_done() {
    const HOT: usize = 100_000;
    const COLD: usize = 100;
    let sandbox = Sandbox::new("fairness").await.unwrap();
    create_topics(&sandbox, StageName::DedupAggregator).await;
    // The hot one first, so that whoever reads in the order of arrival reads it to its end first.
    produce_to(&sandbox, 0, scored(0..HOT));
    produce_to(&sandbox, 1, scored(HOT..HOT + COLD));

    let watcher = Arc::new(Watcher::default());
    let shared = shared(&sandbox, &watcher);
    let hot_before_cold = Arc::<AtomicUsize>::default();
    let noted = Arc::clone(&hot_before_cold);
    let make = move || Noting {
        hot_read: 0,
        hot_before_cold: Arc::clone(&noted),
    };
    let running = run_stage(&shared, StageName::DedupAggregator, make).unwrap();
    watcher.wait_for((HOT + COLD) as u64);
    shared.stop.set();
    running.join().unwrap();
    let hot_before_cold = hot_before_cold.load(Ordering::Relaxed);
    assert!(
        hot_before_cold < HOT / 2,
        "{hot_before_cold} of {HOT} records came before the last of the cold partition"
    );
}
