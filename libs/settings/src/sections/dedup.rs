//! When two events are the same, and when a signal is believed.

use std::collections::BTreeMap;
use std::time::Duration;

use model::SignalState;
use serde::{Deserialize, Serialize};
use signals::{LifeRules, LifeText, Policy};
use std::sync::Arc;

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
    /// When a signal changes its state, and why: of the rules whose `from` has the state that it has, the first whose
    /// condition holds. Asked with every piece of evidence, and before a version is written. Default: `verified` by either
    /// of the two numbers above.
    pub life: Vec<LifeSettings>,
    /// A signal without news for this long is over. Default `24h`.
    #[serde(with = "humantime_serde")]
    pub quiet_after: Duration,
    /// Most events kept as evidence of one signal. Default 16.
    pub max_evidence: usize,
}

/// One rule of a signal's life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LifeSettings {
    /// States that it moves a signal from: `candidate`, `verified`, `downgraded`. Default all three.
    #[serde(default = "any_state")]
    pub from: Vec<SignalState>,
    /// The state that it gives. `closed` ends a signal that was told of.
    pub to: SignalState,
    /// When, in CEL: fields and facts of the signal, `score`, `level`, `independent_count`, `unkeyed_count`,
    /// `contradictions`, `verified_sources`, `verified_evidence`.
    pub when: String,
    /// Why, for people, with `{{ name }}` for values.
    pub reason: String,
}

fn any_state() -> Vec<SignalState> {
    vec![
        SignalState::Candidate,
        SignalState::Verified,
        SignalState::Downgraded,
    ]
}

fn shipped_life() -> Vec<LifeSettings> {
    let verified = |when: &str, reason: &str| LifeSettings {
        from: vec![SignalState::Candidate],
        to: SignalState::Verified,
        when: when.to_owned(),
        reason: reason.to_owned(),
    };
    vec![
        verified(
            "independent_count >= verified_sources",
            "{{ independent_count }} independent senders",
        ),
        verified(
            "unkeyed_count >= verified_evidence",
            "{{ unkeyed_count }} events where nobody is asked who sends",
        ),
    ]
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
            life: shipped_life(),
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
            // Settings that were checked have none that cannot be read.
            life: Arc::new(self.life_rules().unwrap_or_default()),
        }
    }

    fn life_rules(&self) -> Result<LifeRules, (usize, String)> {
        let texts: Vec<LifeText<'_>> = self
            .life
            .iter()
            .map(|rule| LifeText {
                from: &rule.from,
                to: rule.to,
                when: &rule.when,
                reason: &rule.reason,
            })
            .collect();
        LifeRules::read(&texts)
    }

    pub(crate) fn check(&self, problems: &mut Problems) {
        problems.unless(
            self.min_score.is_finite(),
            "dedup.min_score",
            self.min_score,
            "must be a number",
        );
        if let Err((at, why)) = self.life_rules() {
            let when = self.life.get(at).map_or("", |rule| rule.when.as_str());
            problems.add(format!("dedup.life[{at}]"), when, why);
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(settings: &DedupSettings) -> Vec<crate::Problem> {
        let mut problems = Problems::default();
        settings.check(&mut problems);
        problems.0
    }

    #[test]
    fn a_rule_of_life_that_cannot_be_read_is_told_with_its_place() {
        let mut settings = DedupSettings::default();
        assert_eq!(problems(&settings), []);
        settings.life[1].when = "independant_count > 2".to_owned();
        let found = problems(&settings);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].key, "dedup.life[1]");
        assert!(found[0].mend.contains("independent_count"), "{}", found[0].mend);
    }
}
