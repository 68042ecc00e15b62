//! The variables of a rule set, numbered, and their values for one evaluation, each looked up once.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;

use super::expression::Slot;
use crate::fact::{Fact, Facts};
use crate::words::{Found, WordSets};

/// Every variable that the conditions of a rule set name.
#[derive(Debug, Default)]
pub(crate) struct Variables {
    names: Vec<String>,
    slots: HashMap<String, Slot>,
    words: HashMap<Slot, WordSets>,
    /// Set by [`Variables::enter`] while a condition is compiled: the variables it names.
    named: Vec<Slot>,
}

impl Variables {
    pub(crate) fn enter(&mut self, name: &str) -> Slot {
        let slot = self.slots.get(name).copied().unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.slots.insert(name.to_owned(), self.names.len() - 1);
            self.names.len() - 1
        });
        if !self.named.contains(&slot) {
            self.named.push(slot);
        }
        slot
    }

    /// The bit of a set of words that is looked for in a variable; `None` when there are too many.
    pub(crate) fn enter_words(&mut self, slot: Slot, words: Vec<String>) -> Option<Found> {
        self.words.entry(slot).or_default().enter(words)
    }

    /// The variables entered since this was last called, in the order they were first named.
    pub(crate) fn take_named(&mut self) -> Vec<Slot> {
        std::mem::take(&mut self.named)
    }

    pub(crate) fn name(&self, slot: Slot) -> &str {
        self.names.get(slot).map_or("", String::as_str)
    }

    /// Values for one evaluation.
    pub(crate) fn over<'a>(&'a self, facts: &'a dyn Facts) -> Values<'a> {
        let asked = vec![Cell::new(Asked::Not); self.names.len()];
        Values {
            variables: self,
            facts,
            asked,
            words: RefCell::new(Vec::new()),
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Asked<'a> {
    Not,
    Missing,
    Known(Fact<'a>),
}

/// The values of a rule set's variables for one event; each is asked for at most once.
pub(crate) struct Values<'a> {
    variables: &'a Variables,
    facts: &'a dyn Facts,
    asked: Vec<Cell<Asked<'a>>>,
    /// The words found in the few variables that words are looked for in.
    words: RefCell<Vec<(Slot, Found)>>,
}

impl<'a> Values<'a> {
    pub(crate) fn get(&self, slot: Slot) -> Option<Fact<'a>> {
        let cell = self.asked.get(slot)?;
        match cell.get() {
            Asked::Known(fact) => Some(fact),
            Asked::Missing => None,
            Asked::Not => {
                let found = self
                    .variables
                    .names
                    .get(slot)
                    .and_then(|name| self.facts.get(name));
                cell.set(found.map_or(Asked::Missing, Asked::Known));
                found
            }
        }
    }

    /// The sets of words found in a text; a text known not to be there has none. `None`: unknown.
    pub(super) fn words(&self, slot: Slot) -> Option<Found> {
        let text = match self.get(slot)? {
            Fact::Str(text) => text,
            Fact::Null => return Some(0),
            _ => return None,
        };
        let known = self
            .words
            .borrow()
            .iter()
            .find(|(of, _)| *of == slot)
            .map(|(_, found)| *found);
        known.or_else(|| {
            let found = self
                .variables
                .words
                .get(&slot)
                .map_or(0, |sets| sets.found_in(text));
            self.words.borrow_mut().push((slot, found));
            Some(found)
        })
    }

    pub(crate) fn is_null(&self, slot: Slot) -> bool {
        matches!(self.get(slot), None | Some(Fact::Null))
    }
}
