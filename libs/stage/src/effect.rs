//! The edge to the outside world: may be slow, may fail, must be repeatable.

use crate::{Cx, Emit, Input, Output, Poison, Stores};
use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// A stage that asks or tells the outside world.
///
/// The runtime performs a bounded number of records of each [`Part`] at once, never two of the same key, and those of a
/// key in their order. A record that is slow or has to be tried again is parked, so that it holds back its own key only. Outputs,
/// parked records and offsets are committed in one transaction. Of an attempt that was under way when its process
/// died nothing is known: the record is performed again, with the same idempotency key. So it is *at least once*, and
/// once in effect where the other side honours the key.
///
/// What an effect learns it may keep for later records, in stores of its own: an attempt is given what they hold, and
/// what it learned goes into them in the transaction that carries its outputs.
pub trait Effect: Send + Sync + 'static {
    /// What it reads.
    type In: Input + Sync;
    /// What it writes.
    type Out: Output;
    /// What is kept of one task from record to record; `()` for an effect that keeps nothing.
    type Stores: Stores;
    /// What of it an attempt is given, and leaves; [`Infallible`] for an effect that keeps nothing.
    type Memory: Send + Sync + 'static;

    /// What the other side knows this record by: the same for every attempt, whoever makes it.
    fn idempotency_key(&self, input: &Self::In) -> IdempotencyKey;

    /// The part of the outside world that a record with this key is for. Parts share neither slots nor waits.
    fn part(&self, _key: Option<&[u8]>) -> Part {
        Part::default()
    }

    /// What is kept that an attempt at this record needs.
    fn recall(&self, _input: &Self::In, _stores: &Self::Stores) -> Option<Self::Memory> {
        None
    }

    /// Does it.
    fn perform(
        &self,
        input: &Self::In,
        key: &IdempotencyKey,
        attempt: Attempt,
        memory: Option<Self::Memory>,
        cx: &Cx<'_>,
    ) -> impl Future<Output = Outcome<Self::Out, Self::Memory>> + Send;

    /// Keeps what an attempt learned.
    fn remember(&self, _memory: Self::Memory, _stores: &mut Self::Stores) {}

    /// A task is taken over, with what was kept of it.
    fn take_up(&self, _stores: &Self::Stores) {}
}

/// A part of the outside world that fails, rests and recovers as one: a channel, a host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Part(Option<Arc<str>>);

impl Part {
    /// A part with a name of its own; the default is the one part of an effect that knows no others.
    pub fn named(name: &str) -> Self {
        Self(Some(name.into()))
    }

    /// Its name, if it has one.
    pub fn name(&self) -> Option<&str> {
        self.0.as_deref()
    }
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
    /// Those among them that were made when the last [`Outcome::Retry`] said, this one included. The others were made to
    /// find out whether the record's part is back.
    pub scheduled: u32,
    /// Whether the record was given up before, and put back by somebody.
    pub replayed: bool,
    /// Time since the first try began.
    pub elapsed: Duration,
}

impl Attempt {
    /// The first try of a record that came just now.
    pub const fn first() -> Self {
        Self {
            number: 1,
            scheduled: 1,
            replayed: false,
            elapsed: Duration::ZERO,
        }
    }
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome<O, M = Infallible> {
    /// It is done; this is what to write.
    Done(Emit<O>),
    /// It is done, and this is to be kept.
    Learned(Emit<O>, M),
    /// It is done for now, and is done again after this long, or at once where a newer record of its key comes. That one
    /// takes its place then.
    Again {
        /// What to write.
        outputs: Vec<O>,
        /// What is to be kept, if anything.
        learned: Option<M>,
        /// How long until it is done again.
        after: Duration,
    },
    /// It was tried in vain; try again after this long.
    Retry {
        /// How long to wait.
        after: Duration,
        /// Why, for logs and health.
        why: String,
        /// What the failure says of others.
        cause: Cause,
    },
    /// It was not tried, because its part takes nothing for this long. This is no attempt.
    Wait {
        /// How long the part is left alone.
        after: Duration,
        /// Why, for logs and health.
        why: String,
    },
    /// It can never be done: a dead letter.
    Poison(Poison),
    /// Nothing can be done until somebody mends what this says; the stage stops.
    Fatal(String),
}

/// What a failed attempt says of the other records of its part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// Nothing.
    Record,
    /// They would fare no better. After some such failures in a row the part is left alone, but for one record that is
    /// tried now and then; once one succeeds, all that wait go out.
    Part {
        /// How long nothing of the part is tried: what the other side asked for.
        rest: Duration,
    },
}
