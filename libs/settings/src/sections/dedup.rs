//! When two events are the same, and when a signal is believed.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use signals::Policy;

use crate::problem::Problems;

const DAY: Duration = Duration::from_hours(24);

/// From scored events to signals.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DedupSettings {
    /// How long an idempotency key is remembered. Default `14d`.
    #[serde(with = "humantime_serde")]
    pub exact_window: Duration,
    /// An event of this score opens a signal; one below it is counted, and told of once others confirm it. Default 10.
    pub min_score: f64,
    /// The same for events of some types, for example `{user.login: 30}`. Default none.
    pub min_score_of: BTreeMap<String, f64>,
    /// Events that score above 0 open a signal too when they come from this many independent senders. Default 3.
    pub weak_sources: u32,
    /// A signal that goes on is told again after so long, also where little changed. Default `10m`.
    #[serde(with = "humantime_serde")]
    pub repeat_after: Duration,
    /// A story is over once nothing was written about it for so long, in event time. Default `48h`.
    #[serde(with = "humantime_serde")]
    pub story_idle: Duration,
    /// Most open stories of a tenant in a partition; beyond it the one that has been idle for longest ends. Default 50000.
    pub max_open_stories: usize,
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
            min_score: 10.0,
            min_score_of: BTreeMap::new(),
            weak_sources: 3,
            repeat_after: Duration::from_mins(10),
            story_idle: 2 * DAY,
            max_open_stories: 50_000,
            verified_evidence: 3,
            verified_sources: 2,
            quiet_after: DAY,
            max_evidence: 16,
        }
    }
}

impl DedupSettings {
    /// When a signal is worth telling, and when it is believed.
    pub fn policy(&self) -> Policy {
        Policy {
            min_score: self.min_score,
            min_score_of: self.min_score_of.clone(),
            weak_senders: self.weak_sources.into(),
            verified_evidence: self.verified_evidence.into(),
            verified_senders: self.verified_sources.into(),
            most_evidence: self.max_evidence.max(1),
            repeat_after: self.repeat_after.as_millis().try_into().unwrap_or(i64::MAX),
        }
    }

    pub(crate) fn check(&self, problems: &mut Problems) {
        problems.unless(
            self.min_score.is_finite(),
            "dedup.min_score",
            self.min_score,
            "must be a number",
        );
        problems.at_least_one("dedup.weak_sources", self.weak_sources.into());
        problems.at_least_one("dedup.max_open_stories", self.max_open_stories as u64);
        problems.at_least_one("dedup.story_idle (seconds)", self.story_idle.as_secs());
        problems.at_least_one("dedup.verified_evidence", self.verified_evidence.into());
        problems.at_least_one("dedup.verified_sources", self.verified_sources.into());
        problems.at_least_one("dedup.max_evidence", self.max_evidence as u64);
        problems.at_least_one("dedup.exact_window (seconds)", self.exact_window.as_secs());
        problems.at_least_one("dedup.quiet_after (seconds)", self.quiet_after.as_secs());
    }
}
