//! When a signal is worth telling, and when it is believed.

use model::Millis;
use rules::LifeRules;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What the settings say of signals.
#[derive(Debug, Clone)]
pub struct Policy {
    /// An event of this score opens a signal.
    pub min_score: f64,
    /// The same for events of these types.
    pub min_score_of: BTreeMap<String, f64>,
    /// So do events of this many independent senders that each score above 0.
    pub weak_senders: i64,
    /// What the rules of life know as `verified_evidence`: events whose senders showed no key.
    pub verified_evidence: i64,
    /// And as `verified_sources`: independent senders.
    pub verified_senders: i64,
    /// When a signal changes its state.
    pub life: Arc<LifeRules>,
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
