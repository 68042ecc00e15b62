//! Which rules an event has to pay for, by scope and event type. No I/O.

use std::collections::HashMap;

use super::rule::Rule;
use crate::names::Scope;

/// Positions of rules, in the order in which they are decided.
#[derive(Debug, Default)]
pub(super) struct Index {
    event: ByType,
    signal: ByType,
}

#[derive(Debug, Default)]
struct ByType {
    types: HashMap<String, Vec<usize>>,
    /// For types that no rule names.
    others: Vec<usize>,
}

impl Index {
    pub(super) fn new(rules: &[Rule]) -> Self {
        Self {
            event: ByType::new(rules, Scope::Event),
            signal: ByType::new(rules, Scope::Signal),
        }
    }

    /// The rules that can be anything but false for an event of this type.
    pub(super) fn rules(&self, scope: Scope, event_type: Option<&str>) -> &[usize] {
        let by_type = match scope {
            Scope::Event => &self.event,
            Scope::Signal => &self.signal,
        };
        event_type
            .and_then(|name| by_type.types.get(name))
            .unwrap_or(&by_type.others)
    }
}

impl ByType {
    fn new(rules: &[Rule], scope: Scope) -> Self {
        let of_scope = || {
            rules
                .iter()
                .enumerate()
                .filter(move |(_, rule)| rule.when.condition.scope == scope)
        };
        let names = of_scope()
            .filter_map(|(_, rule)| rule.when.condition.types.as_ref())
            .flatten();
        let applies = |rule: &Rule, name: Option<&str>| match (&rule.when.condition.types, name) {
            (None, _) => true,
            (Some(types), Some(name)) => types.iter().any(|own| own == name),
            (Some(_), None) => false,
        };
        let select = |name: Option<&str>| {
            of_scope()
                .filter(|(_, rule)| applies(rule, name))
                .map(|(at, _)| at)
                .collect()
        };
        Self {
            types: names.map(|name| (name.clone(), select(Some(name)))).collect(),
            others: select(None),
        }
    }
}
