//! Waits for what lanes commit instead of sleeping.

use runtime::{Committed, LaneState, Observer};
use stage::FlowCounts;
use std::sync::{Condvar, Mutex};
use std::time::Duration;
use topology::StageName;

pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

#[derive(Default)]
pub(crate) struct Watcher {
    total: Mutex<FlowCounts>,
    changed: Condvar,
}

impl Observer for Watcher {
    fn lane(&self, _: StageName, _: u16, state: &LaneState) {
        eprintln!("lane: {state}");
    }

    fn committed(&self, committed: &Committed<'_>) {
        self.total.lock().unwrap().add(committed.counts);
        self.changed.notify_all();
    }
}

impl Watcher {
    /// Waits until the counts of all commits so far are as asked for.
    pub(crate) fn wait_until(&self, reached: impl Fn(&FlowCounts) -> bool) -> FlowCounts {
        let total = self.total.lock().unwrap();
        let waited = self
            .changed
            .wait_timeout_while(total, PATIENCE, |total| !reached(total));
        let (total, waited) = waited.unwrap();
        assert!(!waited.timed_out(), "after {PATIENCE:?}: {total:?}");
        total.clone()
    }
}
