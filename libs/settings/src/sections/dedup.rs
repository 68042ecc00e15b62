//! When two events are the same, and when a signal is believed.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::problem::Problems;

const DAY: Duration = Duration::from_hours(24);

/// From scored events to signals.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DedupSettings {
    /// How long an idempotency key is remembered. Default `14d`.
    #[serde(with = "humantime_serde")]
    pub exact_window: Duration,
    /// From this similarity on (0 to 1) two texts of one subject are near duplicates. Default 0.6.
    pub similarity: f64,
    /// This many events verify a signal, where their senders showed no key (`auth: none`, or straight onto the topic).
    /// Default 3.
    pub verified_evidence: u32,
    /// So do events of this many independent senders: keys; hosts of links or sources, for senders with the scope
    /// `trusted`; sources, where nobody showed a key. Default 2.
    pub verified_sources: u32,
    /// A signal without news for this long is over. Default `24h`.
    #[serde(with = "humantime_serde")]
    pub quiet_after: Duration,
    /// Most events kept as evidence of one signal. Default 16.
    pub max_evidence: usize,
}

impl Default for DedupSettings {
    fn default() -> Self {
        Self {
            exact_window: 14 * DAY,
            similarity: 0.6,
            verified_evidence: 3,
            verified_sources: 2,
            quiet_after: DAY,
            max_evidence: 16,
        }
    }
}

impl DedupSettings {
    pub(crate) fn check(&self, problems: &mut Problems) {
        let similarity = self.similarity;
        problems.unless(
            similarity > 0.0 && similarity <= 1.0,
            "dedup.similarity",
            similarity,
            "must be above 0 and at most 1",
        );
        problems.at_least_one("dedup.verified_evidence", self.verified_evidence.into());
        problems.at_least_one("dedup.verified_sources", self.verified_sources.into());
        problems.at_least_one("dedup.max_evidence", self.max_evidence as u64);
        problems.at_least_one("dedup.exact_window (seconds)", self.exact_window.as_secs());
        problems.at_least_one("dedup.quiet_after (seconds)", self.quiet_after.as_secs());
    }
}
