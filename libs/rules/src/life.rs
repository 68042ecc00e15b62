//! By which conditions a signal changes its state: `candidate`, `verified`, `downgraded`, `closed`. No I/O, no clock.

use crate::condition::{Condition, Variables};
use crate::error::Fault;
use crate::fact::{Fact, Facts};
use crate::template::Template;
use model::{Signal, SignalState};

/// Names that only these conditions know, beside those of events and signals.
const OWN: &[&str] = &[
    "score",
    "level",
    "independent_count",
    "unkeyed_count",
    "contradictions",
    "verified_sources",
    "verified_evidence",
];

/// Rules at most: each is asked for every piece of evidence.
pub const MOST_LIFE_RULES: usize = 32;

/// One rule as it is written.
#[derive(Debug, Clone, Copy)]
pub struct LifeText<'a> {
    /// States that it moves a signal from.
    pub from: &'a [SignalState],
    /// The state that it gives.
    pub to: SignalState,
    /// When, in CEL.
    pub when: &'a str,
    /// Why, for people, with `{{ name }}` for values.
    pub reason: &'a str,
}

/// Rules that were read, in their order.
#[derive(Debug, Default)]
pub struct LifeRules {
    rules: Vec<LifeRule>,
    variables: Variables,
}

#[derive(Debug)]
struct LifeRule {
    from: Vec<SignalState>,
    to: SignalState,
    when: Condition,
    reason: Template,
}

/// What a rule decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LifeChange {
    /// The state.
    pub state: SignalState,
    /// Why, for people.
    pub reason: String,
}

/// What is known of a signal beside its own fields.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// Events whose senders showed no key.
    pub unkeyed: i64,
    /// Pairs of kept texts that say the opposite of each other.
    pub contradictions: i64,
    /// What the settings have for these.
    pub verified_sources: i64,
    /// See [`Standing::verified_sources`].
    pub verified_evidence: i64,
}

struct Known<'a>(&'a Signal, Standing);

impl Facts for Known<'_> {
    fn get(&self, name: &str) -> Option<Fact<'_>> {
        let Self(signal, standing) = self;
        Some(match name {
            "score" => Fact::Double(signal.score),
            "level" => Fact::Str(&signal.level),
            "independent_count" => Fact::Long(signal.independent_count),
            "unkeyed_count" => Fact::Long(standing.unkeyed),
            "contradictions" => Fact::Long(standing.contradictions),
            "verified_sources" => Fact::Long(standing.verified_sources),
            "verified_evidence" => Fact::Long(standing.verified_evidence),
            name => return signal.get(name),
        })
    }
}

impl LifeRules {
    /// Reads rules; the error says which of them, counted from 0, and what is wrong with it.
    pub fn read(texts: &[LifeText<'_>]) -> Result<Self, (usize, String)> {
        let mut variables = Variables::default();
        if texts.len() > MOST_LIFE_RULES {
            return Err((
                MOST_LIFE_RULES,
                format!("there are more than {MOST_LIFE_RULES} rules"),
            ));
        }
        let read = |(at, text): (usize, &LifeText<'_>)| {
            let rule = variables.with_own(OWN, |variables| LifeRule::read(text, variables));
            rule.map_err(|why| (at, why))
        };
        let rules = texts.iter().enumerate().map(read).collect::<Result<_, _>>()?;
        Ok(Self { rules, variables })
    }

    /// Whether some condition asks for this name.
    pub fn names(&self, name: &str) -> bool {
        let mut named = self.rules.iter().flat_map(|rule| &rule.when.named);
        named.any(|slot| self.variables.name(*slot) == name)
    }

    /// What the first rule says whose condition holds, among those that move a signal from the state that it has. What is
    /// not known makes no condition hold.
    pub fn decide(&self, signal: &Signal, standing: Standing) -> Option<LifeChange> {
        let may_move = |rule: &&LifeRule| rule.from.contains(&signal.state) && rule.to != signal.state;
        let mut moving = self.rules.iter().filter(may_move).peekable();
        moving.peek()?;
        let known = Known(signal, standing);
        let values = self.variables.over(&known);
        let rule = moving.find(|rule| rule.when.decide(&values) == Some(true))?;
        Some(LifeChange {
            state: rule.to,
            reason: rule.reason.render(&values, &[]),
        })
    }
}

impl LifeRule {
    fn read(text: &LifeText<'_>, variables: &mut Variables) -> Result<Self, String> {
        let told = |fault: Fault| fault.to_string();
        if text.from.contains(&SignalState::Closed) {
            return Err(
                "`from` has `closed`: what is closed is over, and begins anew as another signal".to_owned(),
            );
        }
        if text.from.is_empty() {
            return Err("`from` is empty: name the states that it moves a signal from".to_owned());
        }
        Ok(Self {
            from: text.from.to_vec(),
            to: text.to,
            when: Condition::compile(text.when, variables).map_err(told)?,
            reason: Template::parse(text.reason, &[], variables).map_err(told)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANY: &[SignalState] = &[
        SignalState::Candidate,
        SignalState::Verified,
        SignalState::Downgraded,
    ];

    fn rules(texts: &[(SignalState, &str)]) -> LifeRules {
        let texts: Vec<LifeText<'_>> = texts
            .iter()
            .map(|(to, when)| LifeText {
                from: ANY,
                to: *to,
                when,
                reason: "{{ independent_count }} senders, {{ unkeyed_count }} events",
            })
            .collect();
        LifeRules::read(&texts).unwrap()
    }

    fn signal(independent: i64) -> Signal {
        Signal {
            independent_count: independent,
            score: 30.0,
            first_seen: 0,
            last_seen: 7_200_000,
            ..Signal::default()
        }
    }

    fn state(rules: &LifeRules, signal: &Signal) -> Option<SignalState> {
        let standing = Standing {
            unkeyed: 4,
            verified_evidence: 3,
            verified_sources: 2,
            contradictions: 1,
        };
        rules.decide(signal, standing).map(|change| change.state)
    }

    #[test]
    fn the_first_rule_that_holds_decides_and_says_why() {
        let rules = rules(&[
            (SignalState::Verified, "independent_count >= verified_sources"),
            (SignalState::Downgraded, "contradictions > 0"),
        ]);
        let standing = Standing {
            unkeyed: 4,
            verified_sources: 2,
            ..Standing::default()
        };
        let change = rules.decide(&signal(2), standing).unwrap();
        assert_eq!(change.state, SignalState::Verified);
        assert_eq!(change.reason, "2 senders, 4 events");
        assert_eq!(state(&rules, &signal(1)), Some(SignalState::Downgraded));
        assert!(rules.names("contradictions") && !rules.names("score"));
    }

    #[test]
    fn a_signal_that_has_the_state_already_is_asked_of_the_other_rules() {
        let rules = rules(&[
            (SignalState::Verified, "score > 10"),
            (SignalState::Closed, "last_seen - first_seen > duration('1h')"),
        ]);
        let verified = Signal {
            state: SignalState::Verified,
            ..signal(0)
        };
        assert_eq!(state(&rules, &signal(0)), Some(SignalState::Verified));
        assert_eq!(state(&rules, &verified), Some(SignalState::Closed));
        let closed = Signal {
            state: SignalState::Closed,
            ..signal(0)
        };
        assert_eq!(state(&rules, &closed), None, "what is over stays so");
    }

    #[test]
    fn what_is_not_known_moves_nothing_and_mistakes_are_told() {
        assert_eq!(
            state(
                &rules(&[(SignalState::Closed, "data.status == 'done'")]),
                &signal(9)
            ),
            None
        );
        let read = |from, when| {
            let text = LifeText {
                from,
                to: SignalState::Verified,
                when,
                reason: "",
            };
            LifeRules::read(&[text]).map(|_| ()).unwrap_err()
        };
        assert!(read(ANY, "independant_count > 1").1.contains("independent_count"));
        assert!(read(&[SignalState::Closed], "score > 1").1.contains("closed"));
        assert_eq!(read(&[], "score > 1").0, 0);
    }
}
