//! The variables of a rule set, numbered, with the lists, tables and derived values that conditions may name.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use cel::Value as CelValue;

use super::compile;
use super::expression::{Expression, Slot};
use super::patterns::Patterns;
use super::source::Source;
use super::values::Values;
use crate::derived::later;
use crate::error::Fault;
use crate::fact::Facts;
use crate::lists::{Declared, Named, NamedList, NamedTable};
use crate::names::{self, Scope, scope_of};
use crate::words::{Found, WordSets};

/// Every variable that the conditions of a rule set name.
#[derive(Debug, Default)]
pub(crate) struct Variables {
    pub(super) names: Vec<String>,
    slots: HashMap<String, Slot>,
    pub(super) words: HashMap<Slot, WordSets>,
    named: Named,
    /// Lists and tables as `cel` takes them, made once each.
    pub(super) for_cel: HashMap<String, CelValue>,
    pub(super) patterns: Patterns,
    /// Names that are or will be derived; the expressions stand in `derived` once they are compiled.
    announced: HashSet<String>,
    pub(super) derived: BTreeMap<Slot, Derived>,
    /// Names that only the rule being read knows, such as those of its windows.
    own: Vec<String>,
    /// Lists, tables and derived values that some condition, reason or derived value names.
    used: HashSet<String>,
    /// Set by [`Variables::enter`] while a condition is compiled: the variables it names.
    entered: Vec<Slot>,
}

/// A named expression.
#[derive(Debug)]
pub(crate) struct Derived {
    pub(super) expression: Expression,
    /// The variables it rests on, none of them derived.
    rests_on: Vec<Slot>,
    scope: Scope,
}

impl Derived {
    pub(super) fn expression(&self) -> &Expression {
        &self.expression
    }
}

impl Variables {
    /// A table of variables over these lists and tables.
    pub(crate) fn new(named: Named) -> Self {
        Self {
            named,
            ..Self::default()
        }
    }

    /// The place of the variable that a condition spells so, or why there can be no such variable.
    pub(crate) fn resolve(&mut self, name: &str) -> Result<Slot, Fault> {
        if self.own.iter().any(|own| own == name) {
            return Ok(self.enter(name));
        }
        if self.announced.contains(name) {
            self.used.insert(name.to_owned());
            return Ok(self.enter(name));
        }
        if self.named.lists.contains_key(name) || self.named.tables.contains_key(name) {
            return Err(Fault::Type {
                condition: name.to_owned(),
                problem: format!("`{name}` is a list or a table; ask `author in {name}` or `{name}[author]`"),
            });
        }
        let resolved = names::resolve(name)
            .map_err(|fault| self.nearer(name, fault))?
            .to_owned();
        Ok(self.enter(&resolved))
    }

    /// Reads something of a rule that has names of its own beside those that all rules know.
    pub(crate) fn with_own<T>(&mut self, names: &[&str], read: impl FnOnce(&mut Self) -> T) -> T {
        self.own = names.iter().map(|name| (*name).to_owned()).collect();
        let done = read(self);
        self.own.clear();
        done
    }

    /// A slip of the pen may be meant for a name of the files' own.
    fn nearer(&self, name: &str, fault: Fault) -> Fault {
        let own = self
            .announced
            .iter()
            .chain(&self.own)
            .chain(self.named.lists.keys())
            .chain(self.named.tables.keys());
        match names::nearest(name, own.map(String::as_str)) {
            Some(hint) => Fault::UnknownName {
                name: name.to_owned(),
                hint: Some(hint),
            },
            None => fault,
        }
    }

    pub(crate) fn enter(&mut self, name: &str) -> Slot {
        let slot = self.slots.get(name).copied().unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.slots.insert(name.to_owned(), self.names.len() - 1);
            self.names.len() - 1
        });
        if !self.entered.contains(&slot) {
            self.entered.push(slot);
        }
        slot
    }

    /// The bit of a set of words that is looked for in a variable; `None` when there are too many.
    pub(crate) fn enter_words(&mut self, slot: Slot, words: Vec<String>) -> Option<Found> {
        self.words.entry(slot).or_default().enter(words)
    }

    /// The variables entered since this was last called, in the order they were first named.
    pub(crate) fn take_named(&mut self) -> Vec<Slot> {
        std::mem::take(&mut self.entered)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.slots.contains_key(name)
    }

    pub(crate) fn name(&self, slot: Slot) -> &str {
        self.names.get(slot).map_or("", String::as_str)
    }

    /// Whether a file gives the name to an expression.
    pub(crate) fn is_derived(&self, name: &str) -> bool {
        self.announced.contains(name)
    }

    /// Whether it is a field that holds a time in milliseconds.
    pub(super) fn is_moment(&self, slot: Slot) -> bool {
        !self.announced.contains(self.name(slot)) && names::kind_of(self.name(slot)) == names::Kind::Moment
    }

    pub(crate) fn list(&mut self, name: &str) -> Option<Arc<NamedList>> {
        let list = self.named.lists.get(name)?;
        self.used.insert(name.to_owned());
        Some(Arc::clone(list))
    }

    pub(crate) fn table(&mut self, name: &str) -> Option<Arc<NamedTable>> {
        let table = self.named.tables.get(name)?;
        // `people.tier` is a column of the table `people`.
        self.used
            .insert(name.split('.').next().unwrap_or(name).to_owned());
        self.used.insert(name.to_owned());
        Some(Arc::clone(table))
    }

    /// Lists, tables and derived values that nothing names, with what they are and where.
    pub(crate) fn unused(&self) -> impl Iterator<Item = &Declared> {
        self.named
            .declared
            .iter()
            .filter(|declared| !self.used.contains(&declared.name))
    }

    /// A name whose expression follows.
    pub(crate) fn announce_derived(&mut self, declared: Declared) {
        self.announced.insert(declared.name.clone());
        self.named.declared.push(declared);
    }

    /// Compiles the expression of a name; those it needs must be compiled before.
    pub(crate) fn define_derived(&mut self, name: &str, text: &str) -> Result<(), Fault> {
        let composed = model::presented::composed(text);
        let source = Source::read(&composed)?;
        self.take_named();
        let expression = source.said(compile::compile(&source.tree, self))?;
        let named = self.take_named();
        let rests_on = self.underlying(&named);
        let scope = self.scope(&rests_on);
        let slot = self.enter(name);
        self.take_named();
        self.derived.insert(
            slot,
            Derived {
                expression,
                rests_on,
                scope,
            },
        );
        Ok(())
    }

    /// The variables with what derived ones rest on in their stead.
    pub(crate) fn underlying(&self, slots: &[Slot]) -> Vec<Slot> {
        let mut plain = Vec::with_capacity(slots.len());
        for slot in slots {
            let of = self
                .derived
                .get(slot)
                .map_or(std::slice::from_ref(slot), |derived| &derived.rests_on);
            plain.extend(of.iter().copied());
        }
        let mut seen = HashSet::new();
        plain.retain(|slot| seen.insert(*slot));
        plain
    }

    /// When all of these are known at the earliest.
    pub(crate) fn scope(&self, slots: &[Slot]) -> Scope {
        later(slots.iter().map(|slot| {
            let derived = self.derived.get(slot).map(|derived| derived.scope);
            derived.unwrap_or_else(|| scope_of(self.name(*slot)))
        }))
    }

    /// Values for one evaluation.
    pub(crate) fn over<'a>(&'a self, facts: &'a dyn Facts) -> Values<'a> {
        Values::new(self, facts)
    }
}
