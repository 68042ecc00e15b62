//! When a signal is worth telling, and when it is believed.

use model::Millis;
use std::collections::BTreeMap;

/// What the settings say of signals.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// An event of this score opens a signal.
    pub min_score: f64,
    /// The same for events of these types.
    pub min_score_of: BTreeMap<String, f64>,
    /// So do events of this many independent senders that each score above 0.
    pub weak_senders: i64,
    /// This many events whose senders showed no key verify a signal.
    pub verified_evidence: i64,
    /// So do events of this many independent senders.
    pub verified_senders: i64,
    /// Events that are kept as evidence.
    pub most_evidence: usize,
    /// A signal that goes on is told again after so long, in ms of record time.
    pub repeat_after: Millis,
}

impl Policy {
    /// The score from which on an event of this type opens a signal.
    pub(crate) fn floor(&self, kind: &str) -> f64 {
        self.min_score_of.get(kind).copied().unwrap_or(self.min_score)
    }
}
