//! What a stage decides about a record. Every record gets exactly one verdict, so that nothing vanishes:
//! `in = out + filtered + duplicate + dead`.

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

/// Why a record can never be processed; it becomes a dead letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Poison {
    /// A code of few known values, such as `undecodable`; it labels metrics.
    pub reason: &'static str,
    /// What is wrong and how to mend it, for people.
    pub message: String,
}

impl Poison {
    /// A reason and its explanation.
    pub fn new(reason: &'static str, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
        }
    }
}

impl fmt::Display for Poison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason, self.message)
    }
}
