//! The rules read so far, each under a name of its own. No I/O.

use std::collections::HashMap;

use super::rule::Rule;
use crate::error::Fault;
use crate::file::Reader;

const MAX_RULES: usize = 10_000;

/// Rules in the order of their files.
#[derive(Default)]
pub(super) struct NamedRules {
    rules: Vec<Rule>,
    /// Where each rule stands.
    by_id: HashMap<String, usize>,
}

impl NamedRules {
    /// Makes room for so many more.
    pub(super) fn expect(&mut self, more: usize) {
        self.rules.reserve_exact(more.min(MAX_RULES));
    }

    /// Takes a rule whose name is new.
    pub(super) fn add(&mut self, reader: &mut Reader<'_>, rule: Rule) {
        if let Some(first) = self.by_id.get(&rule.id).and_then(|at| self.rules.get(*at)) {
            let first = format!("{}:{}", first.file, first.place.line);
            let name = rule.id;
            reader.fail(
                rule.place,
                Fault::Duplicate {
                    what: "rule",
                    name,
                    first,
                },
            );
        } else if self.rules.len() == MAX_RULES {
            let (what, limit) = ("the number of rules", MAX_RULES);
            reader.fail(rule.place, Fault::TooBig { what, limit });
        } else {
            self.by_id.insert(rule.id.clone(), self.rules.len());
            self.rules.push(rule);
        }
    }

    /// All of them.
    pub(super) fn into_rules(self) -> Vec<Rule> {
        self.rules
    }
}
