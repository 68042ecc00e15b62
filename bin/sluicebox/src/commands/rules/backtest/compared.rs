//! What two rule sets make of the same events and signals. No I/O.

use crate::failure::Failure;
use model::{Event, Signal};
use rules::{Facts, RuleSet, Scope, Scoring};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Characters of a text that an example shows.
const SNIPPET: usize = 60;

/// Counts and examples of what would change.
#[derive(Debug, Default)]
pub(super) struct Compared {
    pub(super) events: Tally,
    /// Signals as they were last, by the rules that wait for facts alone.
    pub(super) signals: Tally,
    /// What became of each signal that was seen so far: a signal is written again with each piece of evidence, and
    /// counts once.
    latest: BTreeMap<String, Outcome>,
    /// The names of levels, from the highest to the lowest.
    pub(super) levels: Vec<String>,
    /// Records that could not be read.
    pub(super) undecodable: u64,
    pub(super) live_cost: Duration,
    pub(super) candidate_cost: Duration,
    examples: usize,
    /// How many events and signals were scored, a signal each time it was written.
    pub(super) scored: u64,
}

/// What would change of events, or of signals.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) scored: u64,
    /// By level: how many now, how many then.
    pub(super) levels: BTreeMap<String, (u64, u64)>,
    pub(super) gained: Kind,
    pub(super) lost: Kind,
    pub(super) raised: Kind,
    pub(super) lowered: Kind,
}

/// What two rule sets make of one event or signal.
#[derive(Debug)]
struct Outcome {
    /// Whether it is more than nothing, before and after.
    entered: (bool, bool),
    example: Example,
}

/// How many changes of one kind, with examples.
#[derive(Debug, Default)]
pub(super) struct Kind {
    pub(super) count: u64,
    pub(super) examples: Vec<Example>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Example {
    pub(super) subject: String,
    pub(super) text: String,
    pub(super) before: (f64, String),
    pub(super) after: (f64, String),
    /// Rules that match now and not then, or then and not now.
    pub(super) rules: Vec<String>,
}

impl Compared {
    pub(super) fn new(examples: usize, live: &RuleSet, candidate: &RuleSet) -> Self {
        let mut levels: Vec<String> = candidate.levels().names().map(str::to_owned).collect();
        for name in live.levels().names() {
            if !levels.iter().any(|known| known == name) {
                levels.push(name.to_owned());
            }
        }
        Self {
            levels,
            examples,
            ..Self::default()
        }
    }

    pub(super) fn event(&mut self, live: &RuleSet, candidate: &RuleSet, event: &Event) {
        let (before, after) = self.both(live, candidate, event, Scope::Event);
        // An event that no rule matches never becomes a signal.
        let outcome = Outcome {
            entered: (before.matched > 0, after.matched > 0),
            example: example(&event.subject, &event.full_text(), &before, &after),
        };
        self.events.note(outcome, self.examples);
    }

    pub(super) fn signal(&mut self, live: &RuleSet, candidate: &RuleSet, signal: &Signal) {
        let (mut before, mut after) = self.both(live, candidate, signal, Scope::Signal);
        // What the events of the signal gave is in its score already.
        let given = signal.score - before.score;
        before.score += given;
        after.score += given;
        live.level_for(before.score).clone_into(&mut before.level);
        candidate.level_for(after.score).clone_into(&mut after.level);
        let outcome = Outcome {
            entered: (true, true),
            example: example(&signal.subject, &signal.title, &before, &after),
        };
        self.latest.insert(signal.signal_key.clone(), outcome);
    }

    /// Counts what became of the signals; nothing is added after this.
    pub(super) fn settle(&mut self) {
        for outcome in std::mem::take(&mut self.latest).into_values() {
            self.signals.note(outcome, self.examples);
        }
    }

    fn both(
        &mut self,
        live: &RuleSet,
        candidate: &RuleSet,
        facts: &dyn Facts,
        scope: Scope,
    ) -> (Scoring, Scoring) {
        // Whoever goes first pays for memory that is cold; they take turns.
        let live_first = self.scored.is_multiple_of(2);
        self.scored += 1;
        let start = Instant::now();
        let first = if live_first { live } else { candidate }.score(facts, scope);
        let between = Instant::now();
        let second = if live_first { candidate } else { live }.score(facts, scope);
        let costs = (between - start, between.elapsed());
        let ((before, live_cost), (after, candidate_cost)) = if live_first {
            ((first, costs.0), (second, costs.1))
        } else {
            ((second, costs.1), (first, costs.0))
        };
        self.live_cost += live_cost;
        self.candidate_cost += candidate_cost;
        (before, after)
    }

    /// The share of events that would be gained, lost, or of another level, in percent.
    pub(super) fn changed_percent(&self) -> f64 {
        let changed = self.events.changed() + self.signals.changed();
        let all = self.events.scored + self.signals.scored;
        if all == 0 {
            0.0
        } else {
            changed as f64 * 100.0 / all as f64
        }
    }

    pub(super) fn within(&self, budget: Option<f64>) -> Result<(), Failure> {
        let changed = self.changed_percent();
        match budget {
            Some(budget) if changed > budget => Err(Failure::Check(format!(
                "{changed:.2} % would change, more than the budget of {budget} %"
            ))),
            _ => Ok(()),
        }
    }
}

impl Tally {
    fn note(&mut self, outcome: Outcome, examples: usize) {
        let (was_in, is_in) = outcome.entered;
        let ((low, before), (high, after)) = (&outcome.example.before, &outcome.example.after);
        self.scored += 1;
        if was_in {
            self.levels.entry(before.clone()).or_default().0 += 1;
        }
        if is_in {
            self.levels.entry(after.clone()).or_default().1 += 1;
        }
        let kind = match (was_in, is_in) {
            (false, true) => &mut self.gained,
            (true, false) => &mut self.lost,
            (true, true) if before != after && high > low => &mut self.raised,
            (true, true) if before != after => &mut self.lowered,
            _ => return,
        };
        kind.count += 1;
        if kind.examples.len() < examples {
            kind.examples.push(outcome.example);
        }
    }

    pub(super) fn changed(&self) -> u64 {
        self.kinds().iter().map(|(_, kind)| kind.count).sum()
    }

    pub(super) fn kinds(&self) -> [(&'static str, &Kind); 4] {
        [
            ("gained", &self.gained),
            ("lost", &self.lost),
            ("raised", &self.raised),
            ("lowered", &self.lowered),
        ]
    }
}

fn example(subject: &str, text: &str, before: &Scoring, after: &Scoring) -> Example {
    let names = |scoring: &Scoring| {
        scoring
            .reasons
            .iter()
            .map(|reason| reason.rule.clone())
            .collect::<Vec<_>>()
    };
    let (old, new) = (names(before), names(after));
    let gone = old
        .iter()
        .filter(|rule| !new.contains(rule))
        .map(|rule| format!("-{rule}"));
    let come = new
        .iter()
        .filter(|rule| !old.contains(rule))
        .map(|rule| format!("+{rule}"));
    Example {
        subject: subject.to_owned(),
        text: text
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .chars()
            .take(SNIPPET)
            .collect(),
        before: (before.score, before.level.clone()),
        after: (after.score, after.level.clone()),
        rules: gone.chain(come).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(points: i32, least: i32) -> RuleSet {
        let file = format!(
            "groups: [{{name: g, rules: [{{id: big, when: 'data.amount > {least}', score: {points}}}]}}]"
        );
        RuleSet::parse(&[("r.yml", &file)], &|_| None).unwrap()
    }

    fn event(amount: i64) -> Event {
        Event {
            subject: format!("user:{amount}"),
            attributes: [("amount".to_owned(), model::Value::Long(amount))].into(),
            ..Event::default()
        }
    }

    #[test]
    fn gained_lost_and_relevelled_events_are_told_apart() {
        let mut compared = Compared::new(1, &rules(10, 10), &rules(30, 20));
        for amount in [5, 15, 25] {
            compared.event(&rules(10, 10), &rules(30, 20), &event(amount));
        }
        let events = &compared.events;
        assert_eq!(
            (
                events.scored,
                events.lost.count,
                events.raised.count,
                events.gained.count
            ),
            (3, 1, 1, 0)
        );
        assert_eq!(events.levels["low"], (2, 0));
        assert_eq!(events.levels["medium"], (0, 1));
        assert_eq!(events.lost.examples[0].rules, ["-big"]);
        assert!(compared.within(Some(50.0)).is_err());
        assert!(compared.within(Some(70.0)).is_ok());
    }

    #[test]
    fn a_signal_counts_once_as_it_was_last() {
        let rules = |least: i32| {
            let file = format!(
                "groups: [{{name: g, rules: [{{id: many, when: 'evidence_count > {least}', score: 30}}]}}]"
            );
            RuleSet::parse(&[("r.yml", &file)], &|_| None).unwrap()
        };
        let (live, candidate) = (rules(1), rules(2));
        let mut compared = Compared::new(5, &live, &candidate);
        for (key, evidence_count, score) in [("a", 1, 0.0), ("a", 2, 30.0), ("a", 3, 30.0), ("b", 2, 30.0)] {
            let signal = Signal {
                signal_key: key.to_owned(),
                evidence_count,
                score,
                ..Signal::default()
            };
            compared.signal(&live, &candidate, &signal);
        }
        compared.settle();
        let signals = &compared.signals;
        assert_eq!(
            (signals.scored, signals.lowered.count, signals.changed()),
            (2, 1, 1)
        );
        assert_eq!(
            (signals.levels["medium"], signals.levels["low"]),
            ((2, 1), (0, 1))
        );
    }

    #[test]
    fn levels_are_told_from_the_highest_to_the_lowest() {
        let compared = Compared::new(1, &rules(1, 1), &rules(1, 1));
        assert_eq!(compared.levels, ["critical", "high", "medium", "low"]);
    }

    #[test]
    fn the_same_rules_change_nothing() {
        let mut compared = Compared::new(1, &rules(10, 10), &rules(10, 10));
        compared.event(&rules(10, 10), &rules(10, 10), &event(15));
        assert!(compared.changed_percent() < f64::EPSILON);
        assert!(compared.within(Some(0.0)).is_ok());
    }
}
