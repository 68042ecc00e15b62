//! What must come of the day, and what that takes for granted.
//!
//! Taken for granted: the rules, levels and detections in `rules/` as they are shipped (the points below are theirs);
//! copies of a text fold into one signal, other texts of a
//! subject do not; an event of ten points opens a signal, and so do three that are above nothing, from three sources; three pieces of evidence from two sources verify a
//! signal, and one source with two pieces does not; events without words fold by their type.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The channel that is told of verified signals from `high` on.
pub const ALERTS: &str = "alerts";
/// The channel that is told of every detection.
pub const SECURITY: &str = "security";

/// Counts by name.
pub type Counts = BTreeMap<String, u64>;

/// What must come of a day.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Truth {
    /// Records on the ingest topic, everything included that is not refused at the edge.
    pub raw_records: u64,
    /// Requests that the edge refuses.
    pub refused: u64,
    /// Distinct events.
    pub events: u64,
    /// Records that repeat an event: same source and id.
    pub duplicates: u64,
    /// Copies of texts that were folded into a signal.
    pub copies_folded: u64,
    /// Dead letters of the ingest topic by reason.
    pub dead_letters: Counts,
    /// Signals by `level state`, for example `high verified`.
    pub signals: Counts,
    /// Detections by rule.
    pub detections: Counts,
    /// Notifications by channel.
    pub notifications: Counts,
}

/// Adds to a count.
pub(super) fn add(counts: &mut Counts, name: &str, more: u64) {
    *counts.entry(name.to_owned()).or_default() += more;
}

/// What is known of a signal when the day is over.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outcome {
    /// Points of its best evidence.
    pub(super) points: i32,
    /// Points of what the tables know.
    pub(super) known: i32,
    pub(super) evidence: u32,
    pub(super) sources: u32,
    /// Whether it is a text, whose copies fold.
    pub(super) text: bool,
}

impl Outcome {
    /// `confirmation.several_voices` and `confirmation.many_voices`.
    fn voices(self) -> i32 {
        let several = self.evidence >= 3 && self.sources >= 2;
        let many = self.evidence >= 10 && self.sources >= 3;
        10 * (i32::from(several) + i32::from(many))
    }

    fn level(self) -> &'static str {
        match self.points + self.known + self.voices() {
            ..20 => "low",
            20..50 => "medium",
            50..80 => "high",
            80.. => "critical",
        }
    }

    /// Whether it is told of at all.
    fn opens(self) -> bool {
        self.points >= 10 || self.points > 0 && self.sources >= 3 && self.evidence >= 3
    }

    fn is_verified(self) -> bool {
        self.evidence >= 3 && self.sources >= 2
    }

    /// Writes what must come of it.
    pub(super) fn record(self, truth: &mut Truth) {
        if !self.opens() {
            return;
        }
        let state = if self.is_verified() {
            "verified"
        } else {
            "candidate"
        };
        let level = self.level();
        add(&mut truth.signals, &format!("{level} {state}"), 1);
        if self.text {
            truth.copies_folded += u64::from(self.evidence - 1);
        }
        if self.is_verified() && ["high", "critical"].contains(&level) {
            add(&mut truth.notifications, ALERTS, 1);
        }
    }
}
