//! Waits for what lanes commit instead of sleeping.

use runtime::{Committed, LaneState, Observer};
use stage::FlowCounts;
use std::sync::{Condvar, Mutex};
use std::time::Duration;
use topology::StageName;

pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// The observer of one process.
#[derive(Default)]
pub(crate) struct Watcher {
    seen: Mutex<Seen>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Seen {
    total: FlowCounts,
    tasks: usize,
    /// Whether the lane has said last that it waits.
    waits: bool,
}

impl Observer for Watcher {
    fn lane(&self, _: StageName, _: u16, state: &LaneState) {
        eprintln!("lane: {state}");
        let mut seen = self.seen.lock().unwrap();
        seen.waits = matches!(state, LaneState::Waiting(_));
        if let LaneState::Running { tasks } = state {
            seen.tasks = *tasks;
        }
        drop(seen);
        self.changed.notify_all();
    }

    fn committed(&self, committed: &Committed<'_>) {
        self.seen.lock().unwrap().total.add(committed.counts);
        self.changed.notify_all();
    }
}

impl Watcher {
    /// Waits until the counts of all commits so far are as asked for.
    pub(crate) fn wait_until(&self, reached: impl Fn(&FlowCounts) -> bool) -> FlowCounts {
        self.wait(|seen| reached(&seen.total))
    }

    /// Waits until the process has tasks.
    pub(crate) fn wait_for_tasks(&self) {
        self.wait(|seen| seen.tasks > 0);
    }

    /// Waits until the lane says that it waits (`true`), or does not any more.
    pub(crate) fn wait_for_waiting(&self, waits: bool) {
        self.wait(|seen| seen.waits == waits);
    }

    /// What all commits so far add up to.
    pub(crate) fn total(&self) -> FlowCounts {
        self.seen.lock().unwrap().total.clone()
    }

    fn wait(&self, reached: impl Fn(&Seen) -> bool) -> FlowCounts {
        let seen = self.seen.lock().unwrap();
        let waited = self
            .changed
            .wait_timeout_while(seen, PATIENCE, |seen| !reached(seen));
        let (seen, waited) = waited.unwrap();
        assert!(!waited.timed_out(), "after {PATIENCE:?}: {seen:?}");
        seen.total.clone()
    }
}
