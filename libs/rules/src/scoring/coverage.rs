//! Which conditions, and which of their sides, the tests beside the rules have seen true, false and unknown. No I/O.

use super::rule::Rule;
use super::study::Study;
use crate::condition::{Condition, Values};

/// How often something was true, false and unknown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    /// Tests in which it was true.
    pub holds: usize,
    /// Tests in which it was false.
    pub fails: usize,
    /// Tests in which it was unknown.
    pub unknown: usize,
}

impl Seen {
    /// Whether tests saw it both true and false.
    pub fn both_ways(self) -> bool {
        self.holds > 0 && self.fails > 0
    }

    fn count(&mut self, condition: &Condition, values: &Values<'_>) {
        match condition.decide(values) {
            Some(true) => self.holds += 1,
            Some(false) => self.fails += 1,
            None => self.unknown += 1,
        }
    }
}

/// What the tests have seen of one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleCoverage {
    /// The rule.
    pub rule: String,
    /// The rule file and the line in it.
    pub place: (String, usize),
    /// The whole condition.
    pub whole: Seen,
    /// The outermost sides of the condition.
    pub sides: Vec<(String, Seen)>,
}

impl RuleCoverage {
    /// Sides that were seen both true and false, and how many there are.
    pub fn share(&self) -> (usize, usize) {
        (
            self.sides.iter().filter(|(_, seen)| seen.both_ways()).count(),
            self.sides.len(),
        )
    }
}

impl Study {
    /// What the tests beside the rules have seen of each rule.
    pub fn coverage(&self) -> Vec<RuleCoverage> {
        self.taken_apart()
            .map(|(rule, sides)| self.seen_of(rule, sides))
            .collect()
    }

    fn seen_of(&self, rule: &Rule, sides: &[(String, Condition)]) -> RuleCoverage {
        let mut whole = Seen::default();
        let mut seen = vec![Seen::default(); sides.len()];
        for case in &self.rules.cases {
            let values = self.rules.variables.over(&case.given);
            whole.count(&rule.when.condition, &values);
            for ((_, side), seen) in sides.iter().zip(&mut seen) {
                seen.count(side, &values);
            }
        }
        RuleCoverage {
            rule: rule.id.clone(),
            place: (rule.file.clone(), rule.place.line),
            whole,
            sides: sides.iter().map(|(text, _)| text.clone()).zip(seen).collect(),
        }
    }
}
