//! Why a score is what it is: every rule with its condition, the values it looked at, and what it came to. No I/O.

use super::mode::Mode;
use super::rule::Rule;
use super::study::Study;
use crate::condition::{Condition, Values};
use crate::fact::{Fact, Facts};
use crate::names::Scope;
use crate::template::shown;

/// One rule, asked about one event or signal.
#[derive(Debug, Clone, PartialEq)]
pub struct Explained {
    /// The rule.
    pub rule: String,
    /// Its group.
    pub group: String,
    /// Whether the group's points count.
    pub mode: Mode,
    /// The scorer decides it, or only the enricher.
    pub scope: Scope,
    /// The rule file and the line in it.
    pub place: (String, usize),
    /// The condition as written.
    pub condition: String,
    /// True, false, or `None` for unknown.
    pub outcome: Option<bool>,
    /// The points it gives when it is true.
    pub points: f64,
    /// The outermost sides of the condition with their outcomes; empty if it has but one.
    pub sides: Vec<(String, Option<bool>)>,
    /// The names the condition rests on, with their values; `None` for what is not known.
    pub values: Vec<(String, Option<String>)>,
}

impl Study {
    /// Asks every rule about an event or signal, those of other event types too.
    pub fn explain(&self, facts: &dyn Facts) -> Vec<Explained> {
        let values = self.rules.variables.over(facts);
        self.taken_apart()
            .map(|(rule, sides)| self.explain_rule(rule, sides, &values))
            .collect()
    }

    fn explain_rule(&self, rule: &Rule, sides: &[(String, Condition)], values: &Values<'_>) -> Explained {
        let group = self.rules.groups.get(rule.group);
        let decided = sides
            .iter()
            .map(|(text, side)| (text.clone(), side.decide(values)));
        let named = rule.when.condition.named.iter().map(|slot| {
            let value = values.get(*slot).filter(|fact| !matches!(fact, Fact::Null));
            (self.rules.variables.name(*slot).to_owned(), value.map(shown))
        });
        Explained {
            rule: rule.id.clone(),
            group: group.map_or_else(String::new, |group| group.name.clone()),
            mode: group.map_or(Mode::Live, |group| group.mode),
            scope: rule.when.condition.scope,
            place: (rule.file.clone(), rule.place.line),
            condition: rule.when.text.split_whitespace().collect::<Vec<_>>().join(" "),
            outcome: rule.when.condition.decide(values),
            points: rule.points,
            sides: if sides.len() > 1 {
                decided.collect()
            } else {
                Vec::new()
            },
            values: named.collect(),
        }
    }
}
