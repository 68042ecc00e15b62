//! The edge to the outside world: may be slow, may fail, must be repeatable.

use crate::{Cx, Emit, Input, Output, Poison};
use std::fmt;
use std::time::Duration;

/// A stage that asks or tells the outside world.
///
/// The runtime performs a bounded number of records at once, never two of the same key, and those of a key in their
/// order. A record that is slow or has to be tried again is parked, so that it holds back its own key only. Outputs,
/// parked records and offsets are committed in one transaction. Of an attempt that was under way when its process
/// died nothing is known: the record is performed again, with the same idempotency key. So it is *at least once*, and
/// once in effect where the other side honours the key.
pub trait Effect: Send + Sync + 'static {
    /// What it reads.
    type In: Input + Sync;
    /// What it writes.
    type Out: Output;

    /// What the other side knows this record by: the same for every attempt, whoever makes it.
    fn idempotency_key(&self, input: &Self::In) -> IdempotencyKey;

    /// Does it.
    fn perform(
        &self,
        input: &Self::In,
        key: &IdempotencyKey,
        attempt: Attempt,
        cx: &Cx<'_>,
    ) -> impl Future<Output = Outcome<Self::Out>> + Send;
}

/// Names what is done, so that doing it again is not doing it twice.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// A key that the record itself gives.
    pub fn new(key: impl Into<String>) -> Self {
        Self(key.into())
    }

    /// The key as it is told.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which try this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// Counts from 1, over restarts: attempts whose outcome was lost with their process count as far as they were
    /// known to have begun.
    pub number: u32,
    /// Time since the first try began.
    pub elapsed: Duration,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome<O> {
    /// It is done; this is what to write.
    Done(Emit<O>),
    /// Not now; try again after this long.
    Retry {
        /// How long to wait.
        after: Duration,
        /// Why, for logs and health.
        why: String,
    },
    /// It can never be done: a dead letter.
    Poison(Poison),
    /// Nothing can be done until somebody mends what this says; the stage stops.
    Fatal(String),
}
