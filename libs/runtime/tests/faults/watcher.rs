//! Waits for what a lane says of itself instead of sleeping.

use runtime::{Committed, LaneState, Observer};
use stage::FlowCounts;
use std::sync::{Condvar, Mutex};
use std::time::Duration;
use topology::StageName;

/// How long anything may take that a test waits for, on a slow machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

/// Hears everything that the lanes of one test say.
#[derive(Default)]
pub(crate) struct Watcher {
    heard: Mutex<Heard>,
    changed: Condvar,
}

#[derive(Default)]
struct Heard {
    total: FlowCounts,
    states: Vec<LaneState>,
}

impl Observer for Watcher {
    fn lane(&self, _: StageName, _: u16, state: &LaneState) {
        eprintln!("lane: {state}");
        self.heard.lock().unwrap().states.push(state.clone());
        self.changed.notify_all();
    }

    fn committed(&self, committed: &Committed<'_>) {
        self.heard.lock().unwrap().total.add(committed.counts);
        self.changed.notify_all();
    }
}

impl Watcher {
    /// Until so many records were read and committed.
    pub(crate) fn wait_for_records(&self, read: u64) -> FlowCounts {
        self.wait(&format!("{read} records"), |heard| {
            (heard.total.read >= read).then(|| heard.total.clone())
        })
    }

    /// Until the lane says that it waits, from this many states on; gives the reason.
    pub(crate) fn wait_for_waiting(&self, from: usize) -> String {
        self.wait("a lane that says that it waits", |heard| {
            heard.states[from..].iter().find_map(|state| match state {
                LaneState::Waiting(why) => Some(why.clone()),
                _ => None,
            })
        })
    }

    /// Until the lane runs and takes records, from this many states on.
    pub(crate) fn wait_for_running(&self, from: usize) {
        self.wait("a lane that runs", |heard| {
            let mut states = heard.states[from..].iter();
            states
                .any(|state| matches!(state, LaneState::Running { tasks: 1.. }))
                .then_some(())
        });
    }

    /// Until the lane is ready, with or without tasks.
    pub(crate) fn wait_for_ready(&self) {
        self.wait("a lane that is ready", |heard| {
            matches!(heard.states.last(), Some(LaneState::Running { .. })).then_some(())
        });
    }

    /// Fails if the lane was counted out, or broke otherwise, since it began.
    pub(crate) fn is_as_it_began(&self) {
        let states = &self.heard.lock().unwrap().states;
        let starts = states.iter().filter(|state| **state == LaneState::Starting);
        assert_eq!(starts.count(), 1, "it began anew: {states:?}");
    }

    /// The same, and the lane says that it waits.
    pub(crate) fn still_waits_as_it_began(&self) {
        self.is_as_it_began();
        let last = self.heard.lock().unwrap().states.last().cloned();
        assert!(matches!(last, Some(LaneState::Waiting(_))), "it waits: {last:?}");
    }

    /// How many records were read and committed.
    pub(crate) fn read(&self) -> u64 {
        self.heard.lock().unwrap().total.read
    }

    /// Until the lane has failed; gives the reason.
    pub(crate) fn wait_for_failed(&self) -> String {
        self.wait("a lane that has failed", |heard| match heard.states.last() {
            Some(LaneState::Failed(why)) => Some(why.clone()),
            _ => None,
        })
    }

    /// Until the lane says that tasks are quarantined, so many of them; gives the reasons.
    pub(crate) fn wait_for_quarantined(&self, tasks: usize) -> String {
        self.wait("a lane with quarantined tasks", |heard| {
            match heard.states.last() {
                Some(LaneState::Degraded { quarantined, .. }) if quarantined.len() == tasks => {
                    Some(quarantined.join("; "))
                }
                _ => None,
            }
        })
    }

    /// Until the lane has stopped because it was asked to.
    pub(crate) fn wait_for_stopped(&self) {
        self.wait("a lane that has stopped", |heard| {
            (heard.states.last() == Some(&LaneState::Stopped)).then_some(())
        });
    }

    /// How many states were heard, to wait from here on.
    pub(crate) fn states(&self) -> usize {
        self.heard.lock().unwrap().states.len()
    }

    fn wait<T>(&self, what: &str, mut found: impl FnMut(&Heard) -> Option<T>) -> T {
        let mut result = None;
        let heard = self.heard.lock().unwrap();
        let (heard, _) = self
            .changed
            .wait_timeout_while(heard, PATIENCE, |heard| {
                result = found(heard);
                result.is_none()
            })
            .unwrap();
        result.unwrap_or_else(|| {
            panic!(
                "no {what} within {PATIENCE:?}; read {}, states {:#?}",
                heard.total.read, heard.states
            )
        })
    }
}
