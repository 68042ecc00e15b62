//! Counting what the edge takes and refuses. Labels come from fixed sets only.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::dialects::Dialect;

/// What is told about every event and every refused request; all strings are of a fixed set.
pub trait Tally: Send + Sync {
    /// Events of a dialect that the log acknowledged.
    fn accepted(&self, dialect: Dialect, events: u64);
    /// Events of a dialect that were not taken, by reason.
    fn rejected(&self, dialect: Dialect, reason: &'static str, events: u64);
    /// A request that was answered with a problem, by reason.
    fn refused(&self, reason: &'static str);
}

/// One counter: dialect (none for whole requests), outcome `accepted`, `rejected` or `refused`, and reason.
pub type Count = (Option<Dialect>, &'static str, &'static str);

/// Counts in memory, for metrics endpoints and tests.
#[derive(Debug, Default)]
pub struct Counts(Mutex<BTreeMap<Count, u64>>);

impl Counts {
    /// All counters that are not zero.
    pub fn snapshot(&self) -> BTreeMap<Count, u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn add(&self, count: Count, events: u64) {
        *self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(count)
            .or_default() += events;
    }
}

impl Tally for Counts {
    fn accepted(&self, dialect: Dialect, events: u64) {
        self.add((Some(dialect), "accepted", ""), events);
    }

    fn rejected(&self, dialect: Dialect, reason: &'static str, events: u64) {
        self.add((Some(dialect), "rejected", reason), events);
    }

    fn refused(&self, reason: &'static str) {
        self.add((None, "refused", reason), 1);
    }
}
