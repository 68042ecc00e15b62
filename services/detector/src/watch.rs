//! What is kept of one rule and subject by the kinds of rules that do more than count. No Kafka, no clock, no I/O.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use windows::{Alert, Baseline, Rare, Sequence, Windows};

/// The state of a pattern of one rule and subject. It grows with the panes of its windows and the evidence that the rule
/// names, never with the events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Watch {
    /// Time of the newest event.
    #[serde(rename = "n")]
    pub(crate) newest: i64,
    /// Events that were taken.
    #[serde(rename = "c")]
    pub(crate) count: u64,
    /// What the state was made by: another plan begins anew.
    #[serde(rename = "p", default, skip_serializing_if = "is_zero")]
    pub(crate) plan: u64,
    #[serde(rename = "a")]
    pub(crate) alert: Alert,
    /// When the timer that is set comes due.
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    pub(crate) timer: Option<i64>,
    /// Ids of the newest events with their times, oldest first.
    #[serde(rename = "e", default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) evidence: Vec<(i64, Arc<str>)>,
    #[serde(rename = "k", default, skip_serializing_if = "Kept::is_nothing")]
    pub(crate) kept: Kept,
}

/// What the kind of the rule needs beside.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) enum Kept {
    #[default]
    #[serde(rename = "0")]
    Nothing,
    /// Windows, in the order of the rule's plans.
    #[serde(rename = "w")]
    Windows(Vec<Windows>),
    /// The steps of a sequence, and the first events of those that were told.
    #[serde(rename = "s")]
    Sequence(Sequence, Vec<(i64, Arc<str>)>),
    /// What is usual for a number, and the windows that the numbers are made of.
    #[serde(rename = "b")]
    Baseline(Box<Baseline>, Vec<Windows>),
    /// Values that were seen, and when a rare one was told last.
    #[serde(rename = "r")]
    Rare(Rare, Option<i64>),
}

impl Kept {
    fn is_nothing(&self) -> bool {
        matches!(self, Self::Nothing)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde asks")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Default for Watch {
    fn default() -> Self {
        Self {
            newest: i64::MIN,
            count: 0,
            plan: 0,
            alert: Alert::default(),
            timer: None,
            evidence: Vec::new(),
            kept: Kept::Nothing,
        }
    }
}

impl Watch {
    /// Takes note of an event that counts; of `most` the oldest are forgotten.
    pub(crate) fn note(&mut self, at: i64, id: &str, most: usize) {
        self.newest = self.newest.max(at);
        self.count = self.count.saturating_add(1);
        if most > 0 {
            let place = self.evidence.partition_point(|(known, _)| *known <= at);
            self.evidence.insert(place, (at, id.into()));
            let over = self.evidence.len().saturating_sub(most);
            self.evidence.drain(..over);
        }
    }

    /// The ids of the events that are named, oldest first.
    pub(crate) fn ids(&self) -> Vec<String> {
        self.evidence.iter().map(|(_, id)| id.to_string()).collect()
    }
}
