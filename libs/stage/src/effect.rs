//! The edge to the outside world: may be slow, may fail, must be repeatable.

use crate::{Cx, Emit, Input, Output, Poison};
use std::time::Duration;

/// A stage that asks or tells the outside world.
///
/// The runtime performs a bounded number at once, keeps the order of their outputs, and commits outputs and offsets
/// in one transaction. After a crash an effect is performed again: at least once, with the same idempotency key.
pub trait Effect: Send + Sync + 'static {
    /// What it reads.
    type In: Input + Sync;
    /// What it writes.
    type Out: Output;

    /// Does it. `attempt` counts the tries of this process for this record, from 1.
    fn perform(
        &self,
        input: &Self::In,
        attempt: Attempt,
        cx: &Cx<'_>,
    ) -> impl Future<Output = Outcome<Self::Out>> + Send;
}

/// Which try this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// Counts from 1.
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
