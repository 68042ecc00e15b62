//! What became of a signal, and why. No I/O.

use crate::{Policy, Standing};
use model::{Millis, Signal, SignalChange, SignalState};
use rules::LifeStanding;
use sameness::near::{self, NEAR, NearText, Veto};

/// Changes of one signal that are kept: the first and the newest.
const MOST: usize = 8;

/// Gives a signal a state that it did not have, and writes down why; `time` is that of its events.
pub(crate) fn change(signal: &mut Signal, state: SignalState, time: Millis, reason: impl Into<String>) {
    if signal.state == state {
        return;
    }
    signal.state = state;
    signal.changes.push(SignalChange {
        time,
        state,
        reason: reason.into(),
    });
    if signal.changes.len() > MOST {
        signal.changes.remove(1);
    }
}

impl Standing {
    /// Asks the rules, and changes the state as the first of them says that moves it; gives why it is over, where one says
    /// so of a signal that was told of.
    pub fn judge(&mut self, policy: &Policy) -> Option<Over> {
        self.heat.tell(&mut self.signal);
        let known = LifeStanding {
            unkeyed: self.unnamed,
            contradictions: if policy.life.names("contradictions") {
                contradictions(&self.signal)
            } else {
                0
            },
            verified_sources: policy.verified_senders,
            verified_evidence: policy.verified_evidence,
        };
        let decided = policy.life.decide(&self.signal, known)?;
        if decided.state == SignalState::Closed {
            return self.is_open().then_some(Over::Rule(decided.reason));
        }
        let time = self.signal.last_seen;
        change(&mut self.signal, decided.state, time, decided.reason);
        None
    }
}

/// Pairs of kept texts that are nearly the same and say the opposite: one negates, or goes up where the other goes down.
fn contradictions(signal: &Signal) -> i64 {
    let texts = signal
        .evidence
        .iter()
        .filter_map(|evidence| evidence.text.as_deref());
    let texts: Vec<NearText> = texts.map(NearText::of).collect();
    let opposite = |(a, b): &(&NearText, &NearText)| {
        let found = near::compare(a, b);
        found.similarity >= NEAR && matches!(found.veto, Some(Veto::Negation | Veto::Direction))
    };
    let pairs = (1..)
        .zip(&texts)
        .flat_map(|(next, a)| texts[next..].iter().map(move |b| (a, b)));
    i64::try_from(pairs.filter(opposite).count()).unwrap_or(i64::MAX)
}

/// Why a signal is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Over {
    /// Nothing was heard of it for long.
    Silent,
    /// Its story ended: it was silent for long, or too many were open.
    StoryEnded,
    /// The signal of this key took it in.
    Merged(String),
    /// A rule says so, for this reason.
    Rule(String),
}

impl Over {
    pub(crate) fn reason(&self) -> String {
        match self {
            Self::Silent => "nothing was heard of it for long".to_owned(),
            Self::StoryEnded => "its story ended".to_owned(),
            Self::Merged(into) => format!("{into} took it in"),
            Self::Rule(reason) => reason.clone(),
        }
    }

    pub(crate) fn into_signal(self) -> Option<String> {
        match self {
            Self::Merged(into) => Some(into),
            Self::Silent | Self::StoryEnded | Self::Rule(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standing::tests::{policy, scored};
    use model::Evidence;
    use rules::{LifeRules, LifeText};

    #[test]
    fn texts_that_say_the_opposite_contradict() {
        let signal = |texts: &[&str]| Signal {
            evidence: texts
                .iter()
                .map(|text| Evidence {
                    text: Some((*text).to_owned()),
                    ..Evidence::default()
                })
                .collect(),
            ..Signal::default()
        };
        let said = "The SEC approves the spot bitcoin fund of Acme Capital on Friday";
        let denied = "The SEC has not approved the spot bitcoin fund of Acme Capital on Friday";
        let other = "Strong earthquake shakes Chile, thousands leave their homes";
        assert_eq!(contradictions(&signal(&[said, denied, other])), 1);
        assert_eq!(contradictions(&signal(&[said, said, other])), 0);
    }

    #[test]
    fn rules_see_the_heat_of_the_event_that_they_are_asked_for() {
        let text = LifeText {
            from: &[SignalState::Candidate],
            to: SignalState::Verified,
            when: "heat_10m >= 2",
            reason: "{{ heat_10m }} in ten minutes",
        };
        let policy = Policy {
            life: std::sync::Arc::new(LifeRules::read(&[text]).unwrap()),
            ..policy()
        };
        let mut standing = Standing::default();
        for id in ["1", "2"] {
            standing.add(scored(id, "a", 50.0), false, &policy);
            standing.judge(&policy);
        }
        assert_eq!(standing.signal.changes.len(), 1);
        assert_eq!(standing.signal.changes[0].reason, "2 in ten minutes");
    }

    #[test]
    fn a_rule_moves_a_signal_once_and_ends_only_what_was_told_of() {
        let (policy, mut standing) = (policy(), Standing::default());
        standing.add(scored("1", "a", 50.0), false, &policy);
        assert_eq!(
            (standing.judge(&policy), standing.signal.state),
            (None, SignalState::Candidate)
        );
        standing.add(scored("2", "b", 50.0), false, &policy);
        standing.judge(&policy);
        standing.judge(&policy);
        let changes: Vec<&str> = standing
            .signal
            .changes
            .iter()
            .map(|change| change.reason.as_str())
            .collect();
        assert_eq!(changes, ["2 senders"]);
        let mut resolved = scored("3", "a", 50.0);
        resolved
            .event
            .attributes
            .insert("status".to_owned(), model::Value::from("resolved"));
        standing.add(resolved, false, &policy);
        assert_eq!(standing.judge(&policy), None, "nobody heard of it");
        standing.tell(0);
        assert_eq!(
            standing.judge(&policy),
            Some(Over::Rule("it is resolved".to_owned()))
        );
    }

    #[test]
    fn the_first_and_the_newest_changes_stay() {
        let mut signal = Signal::default();
        for time in 0..20 {
            let state = if time % 2 == 0 {
                SignalState::Verified
            } else {
                SignalState::Downgraded
            };
            change(&mut signal, state, time, "why");
            change(&mut signal, state, time, "no change");
        }
        let times: Vec<Millis> = signal.changes.iter().map(|change| change.time).collect();
        assert_eq!(times, [0, 13, 14, 15, 16, 17, 18, 19]);
    }
}
