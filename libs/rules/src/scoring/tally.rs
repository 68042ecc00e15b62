//! Adds up the rules of one group: weights are in the points already, bounds and exclusion are applied here. No I/O.

use model::Reason;

use super::group::Group;
use super::outcome::Coverage;
use super::rule::{Rule, Verdict};
use crate::condition::Values;

/// What one group comes to.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) points: f64,
    pub(super) matched: usize,
    pub(super) reasons: Vec<Reason>,
    pub(super) verdict: Option<Verdict>,
    pub(super) coverage: Coverage,
}

impl Tally {
    /// Decides the rules of a group in their order; `undecided` hears of each whose condition is unknown.
    pub(super) fn of<'r>(
        group: &Group,
        rules: impl Iterator<Item = &'r Rule>,
        values: &Values<'_>,
        mut undecided: impl FnMut(&Rule),
    ) -> Self {
        let mut tally = Self::default();
        let (mut sum, mut open) = (0.0, Vec::new());
        for rule in rules {
            match rule.when.condition.decide(values) {
                Some(true) => {
                    sum += rule.points;
                    tally.take(rule, values);
                    if group.exclusive {
                        break;
                    }
                }
                Some(false) => tally.coverage.decided += 1,
                None => {
                    tally.coverage.undecided += 1;
                    open.push(rule.points);
                    undecided(rule);
                }
            }
        }
        tally.points = group.bounded(sum);
        tally.note_bound(group, sum);
        (tally.coverage.could_add, tally.coverage.could_take) = reach(group, sum, &open);
        tally
    }

    fn take(&mut self, rule: &Rule, values: &Values<'_>) {
        self.matched += 1;
        self.coverage.decided += 1;
        self.verdict = self.verdict.max(rule.verdict);
        self.reasons.push(Reason {
            rule: rule.id.clone(),
            points: rule.points,
            text: rule.reason.text(values),
        });
    }

    /// So that the points of all reasons add up to the score.
    fn note_bound(&mut self, group: &Group, sum: f64) {
        if (self.points - sum).abs() > f64::EPSILON {
            let word = if self.points < sum { "most" } else { "least" };
            self.reasons.push(Reason {
                rule: format!(
                    "{}.{}",
                    group.name,
                    if self.points < sum { "cap" } else { "floor" }
                ),
                points: self.points - sum,
                text: format!("{} gives {} points at {word}", group.name, self.points),
            });
        }
    }
}

/// How far the points could rise and fall, were the open rules known.
fn reach(group: &Group, sum: f64, open: &[f64]) -> (f64, f64) {
    if open.is_empty() {
        return (0.0, 0.0);
    }
    let now = group.bounded(sum);
    let (highest, lowest) = if group.exclusive {
        // An open rule stands before the one that counted, and would count in its stead.
        open.iter().fold((sum, sum), |(high, low), points| {
            (points.max(high), points.min(low))
        })
    } else {
        let up: f64 = open.iter().filter(|points| **points > 0.0).sum();
        let down: f64 = open.iter().filter(|points| **points < 0.0).sum();
        (sum + up, sum + down)
    };
    (group.bounded(highest) - now, group.bounded(lowest) - now)
}
