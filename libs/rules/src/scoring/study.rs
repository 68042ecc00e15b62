//! Rules for people who look into them: the outermost sides of each condition, compiled on their own. No I/O.

use super::rule::Rule;
use super::rule_set::RuleSet;
use crate::condition::{Condition, Variables, parts};

/// A rule set with the sides of its conditions, which whoever only scores has no use for.
#[derive(Debug)]
pub struct Study {
    pub(super) rules: RuleSet,
    /// Of each rule, in their order: the sides of the outermost `or` or `and`; one alone if there is none.
    sides: Vec<Vec<(String, Condition)>>,
}

impl RuleSet {
    /// Takes the conditions apart.
    pub fn study(mut self) -> Study {
        let variables = &mut self.variables;
        let sides = self.rules.iter().map(|rule| sides_of(rule, variables)).collect();
        Study { rules: self, sides }
    }
}

impl Study {
    /// The rules.
    pub const fn rules(&self) -> &RuleSet {
        &self.rules
    }

    /// Each rule with the sides of its condition.
    pub(super) fn taken_apart(&self) -> impl Iterator<Item = (&Rule, &[(String, Condition)])> {
        self.rules.rules.iter().zip(self.sides.iter().map(Vec::as_slice))
    }
}

fn sides_of(rule: &Rule, variables: &mut Variables) -> Vec<(String, Condition)> {
    let compiled = |side: &str| Some((side.to_owned(), Condition::compile(side, variables).ok()?));
    let sides: Option<Vec<_>> = parts(&rule.when.text).into_iter().map(compiled).collect();
    sides.unwrap_or_default()
}
