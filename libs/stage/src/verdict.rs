//! What a stage decides about a record. Every record gets exactly one verdict, so that nothing vanishes:
//! `in = out + filtered + duplicate + dead`.

use model::Fault;
use std::fmt;

/// A record's fate, unless it is dead.
#[derive(Debug, Clone, PartialEq)]
pub enum Emit<O> {
    /// It led to one output.
    One(O),
    /// It led to several outputs; at least one.
    Many(Vec<O>),
    /// It led to none, and this is why: a code of few known values.
    Filtered(&'static str),
    /// It was seen before.
    Duplicate,
}

impl<O> Emit<O> {
    /// The outputs, or why there are none.
    pub fn many_or(outputs: Vec<O>, reason: &'static str) -> Self {
        if outputs.is_empty() {
            Self::Filtered(reason)
        } else {
            Self::Many(outputs)
        }
    }
}

/// Who has to act on a record that can never be processed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Blame {
    /// Whoever sent it. However many there are, they stop nothing: else a stranger could.
    Producer,
    /// One of those it was to reach, which concerns nobody else: it stops nothing either.
    Receiver,
    /// The program, its rules or its settings. Too many of these stop the partition, since a good record would fare no
    /// better.
    Ours,
}

impl Blame {
    /// The same as a dead letter says it.
    pub const fn fault(self) -> Fault {
        match self {
            Self::Producer => Fault::Producer,
            Self::Receiver | Self::Ours => Fault::Ours,
        }
    }
}

/// Why a record can never be processed; it becomes a dead letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Poison {
    /// A code of few known values, such as `undecodable`; it labels metrics.
    pub reason: &'static str,
    /// What is wrong and how to mend it, for people.
    pub message: String,
    /// Who has to act.
    pub blame: Blame,
}

impl Poison {
    /// Whoever sent the record has to act.
    pub fn producer(reason: &'static str, message: impl Into<String>) -> Self {
        Self::of(Blame::Producer, reason, message)
    }

    /// One receiver has to act.
    pub fn receiver(reason: &'static str, message: impl Into<String>) -> Self {
        Self::of(Blame::Receiver, reason, message)
    }

    /// Whoever runs the stream has to act.
    pub fn ours(reason: &'static str, message: impl Into<String>) -> Self {
        Self::of(Blame::Ours, reason, message)
    }

    /// A reason and its explanation, by who has to act.
    pub fn of(blame: Blame, reason: &'static str, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
            blame,
        }
    }
}

impl fmt::Display for Poison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason, self.message)
    }
}
