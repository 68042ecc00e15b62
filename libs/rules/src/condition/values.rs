//! The values of a rule set's variables for one event, each asked for or computed at most once.

use std::cell::{Cell, OnceCell, RefCell};

use super::evaluate::Value;
use super::expression::Slot;
use super::time;
use super::variables::Variables;
use crate::fact::{Fact, Facts, OwnedFact};
use crate::words::Found;

#[derive(Debug, Clone, Copy)]
enum Asked<'a> {
    Not,
    Missing,
    Known(Fact<'a>),
}

/// The values of a rule set's variables for one event.
pub(crate) struct Values<'a> {
    variables: &'a Variables,
    facts: &'a dyn Facts,
    asked: Vec<Cell<Asked<'a>>>,
    /// What the derived values came to, in the order of their slots.
    derived: Vec<OnceCell<Option<OwnedFact>>>,
    /// The words found in the few variables that words are looked for in.
    words: RefCell<Vec<(Slot, Found)>>,
}

impl<'a> Values<'a> {
    pub(super) fn new(variables: &'a Variables, facts: &'a dyn Facts) -> Self {
        Self {
            variables,
            facts,
            asked: vec![Cell::new(Asked::Not); variables.names.len()],
            derived: vec![OnceCell::new(); variables.derived.len()],
            words: RefCell::new(Vec::new()),
        }
    }

    /// What is known of a variable; what facts do not know may be derived.
    pub(crate) fn get(&self, slot: Slot) -> Option<Fact<'_>> {
        let cell = self.asked.get(slot)?;
        match cell.get() {
            Asked::Known(fact) => Some(fact),
            Asked::Missing => self.computed(slot),
            Asked::Not => {
                let name = self.variables.names.get(slot)?;
                let found = self
                    .facts
                    .get(name)
                    .or_else(|| time::named_part(name, self.facts));
                cell.set(found.map_or(Asked::Missing, Asked::Known));
                found.or_else(|| self.computed(slot))
            }
        }
    }

    fn computed(&self, slot: Slot) -> Option<Fact<'_>> {
        if self.variables.derived.is_empty() {
            return None;
        }
        let derived = self.variables.derived.get(&slot)?;
        let place = self.variables.derived.range(..slot).count();
        let computed = self.derived.get(place)?;
        computed
            .get_or_init(|| owned(derived.expression.value(self)))
            .as_ref()
            .map(OwnedFact::as_fact)
    }

    /// The sets of words found in a text; a text known not to be there has none. `None`: unknown.
    pub(super) fn words(&self, slot: Slot) -> Option<Found> {
        let text = match self.get(slot)? {
            Fact::Str(text) | Fact::Beginning(text) => text,
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

    /// Whether only the beginning of a text is known.
    pub(super) fn is_beginning(&self, slot: Slot) -> bool {
        matches!(self.get(slot), Some(Fact::Beginning(_)))
    }

    pub(crate) fn is_null(&self, slot: Slot) -> bool {
        matches!(self.get(slot), None | Some(Fact::Null))
    }
}

pub(super) fn owned(value: Value<'_>) -> Option<OwnedFact> {
    Some(match value {
        Value::Unknown | Value::Beginning(_) => return None,
        Value::Null => OwnedFact::Null,
        Value::Bool(value) => OwnedFact::Bool(value),
        Value::Long(value) => OwnedFact::Long(value),
        Value::Double(value) => OwnedFact::Double(value),
        Value::Decimal(value) => OwnedFact::Decimal(value.into_owned()),
        Value::Text(text) => OwnedFact::Str(text.into_owned()),
        Value::Moment(time) => OwnedFact::Moment(time),
        Value::Span(span) => OwnedFact::Span(span),
        Value::List(list) => OwnedFact::StrList(list.texts()),
    })
}
