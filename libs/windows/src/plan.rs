//! What is counted over which windows, and what comes out. No clock, no I/O.

use crate::aggregate::{Aggregate, Input, Outcome, Part};
use crate::shape::Shape;

/// A shape with what is computed over its windows.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Which events are together. Check it first ([`Shape::check`]).
    pub shape: Shape,
    /// What is computed.
    pub aggregates: Vec<Aggregate>,
    /// How long after its end by the watermark a window still takes events, and is corrected. Windows that slide take
    /// what they still cover, and this much more of what is older.
    pub lateness: i64,
}

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// It counts.
    InTime,
    /// It counts in a window that was closed, which [`crate::Windows::close`] gives once more.
    Corrects,
    /// Every window that it belongs to is over for good.
    Late,
}

/// A window and what came of its aggregates.
#[derive(Debug, Clone, PartialEq)]
pub struct Closed {
    /// Where it begins.
    pub start: i64,
    /// Where it ends; of sessions and counts, the time of the last event.
    pub end: i64,
    /// What came of each aggregate, in the order of the plan.
    pub outcomes: Vec<Outcome>,
    /// Whether it was given before, with less in it, or was left out since it was empty.
    pub corrects: bool,
}

impl Plan {
    pub(crate) fn nothing(&self) -> Vec<Part> {
        self.aggregates.iter().map(Aggregate::nothing).collect()
    }

    /// Whether the parts are those of this plan: a plan that was changed begins anew.
    pub(crate) fn fits(&self, parts: &[Part]) -> bool {
        parts.len() == self.aggregates.len()
            && self
                .aggregates
                .iter()
                .zip(parts)
                .all(|(aggregate, part)| aggregate.fits(part))
    }

    pub(crate) fn add(&self, parts: &mut [Part], at: i64, inputs: &[Input<'_>]) {
        for ((aggregate, part), input) in self.aggregates.iter().zip(parts).zip(inputs) {
            aggregate.add(part, at, *input);
        }
    }

    pub(crate) fn merge(&self, parts: &mut [Part], later: &[Part]) {
        for ((aggregate, part), later) in self.aggregates.iter().zip(parts).zip(later) {
            aggregate.merge(part, later);
        }
    }

    pub(crate) fn closed(&self, start: i64, end: i64, parts: &[Part], corrects: bool) -> Closed {
        let span = if self.shape.size() > 0 {
            self.shape.size()
        } else {
            end.saturating_sub(start)
        };
        let outcomes = self.aggregates.iter().zip(parts);
        Closed {
            start,
            end,
            outcomes: outcomes
                .map(|(aggregate, part)| aggregate.outcome(part, span))
                .collect(),
            corrects,
        }
    }
}
