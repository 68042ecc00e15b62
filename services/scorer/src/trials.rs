//! Counts what rules in shadow or canary mode would have changed, for metrics. The counts are of what was decided, a
//! record that is processed again after an abort included: they are a gauge of rules, not of conservation.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use model::ScoredEvent;

/// The counts, shared by all lanes.
#[derive(Debug, Clone, Default)]
pub struct Trials(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    matched: AtomicU64,
    raised: AtomicU64,
    lowered: AtomicU64,
    relevelled: AtomicU64,
}

/// What rules on trial would have changed since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TrialCounts {
    /// Events that a rule on trial matched.
    pub matched: u64,
    /// Of those, events whose score would be higher.
    pub raised: u64,
    /// Of those, events whose score would be lower.
    pub lowered: u64,
    /// Of those, events whose level would be another.
    pub relevelled: u64,
}

impl Trials {
    /// The counts now.
    pub fn counts(&self) -> TrialCounts {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        TrialCounts {
            matched: read(&self.0.matched),
            raised: read(&self.0.raised),
            lowered: read(&self.0.lowered),
            relevelled: read(&self.0.relevelled),
        }
    }

    pub(crate) fn note(&self, scored: &ScoredEvent) {
        let Some(shadow) = &scored.shadow else { return };
        let add = |count: &AtomicU64, holds: bool| {
            count.fetch_add(u64::from(holds), Ordering::Relaxed);
        };
        add(&self.0.matched, true);
        add(&self.0.raised, shadow.score > scored.score);
        add(&self.0.lowered, shadow.score < scored.score);
        add(&self.0.relevelled, shadow.level != scored.level);
    }
}
