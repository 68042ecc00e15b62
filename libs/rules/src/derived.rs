//! `derived:` gives an expression a name, for conditions, reasons and other derived values. Each is computed at most
//! once an event. No I/O, no clock.

use std::collections::BTreeMap;

use crate::condition::{Variables, names_in};
use crate::error::{Fault, RuleError};
use crate::file::{Fields, Reader, error, note};
use crate::lists::Declared;
use crate::names::Scope;
use crate::node::Place;

/// Derived values that build on derived values that build on …
const MAX_DEPTH: usize = 16;
const MAX_DERIVED: usize = 1000;

/// What the files say, before it is compiled: all must be known first, for they may name each other.
#[derive(Debug, Default)]
pub(crate) struct Drafts {
    by_name: BTreeMap<String, Draft>,
}

#[derive(Debug)]
struct Draft {
    text: String,
    file: String,
    place: Place,
    /// The derived values it names.
    needs: Vec<String>,
}

impl Drafts {
    /// Reads `derived:` of one file.
    pub(crate) fn read(&mut self, reader: &mut Reader<'_>, root: &Fields<'_>) {
        for (key, node) in reader.entries(root, "derived", "a mapping of names to expressions") {
            let Some(name) = reader.new_name(key) else {
                continue;
            };
            let Some(text) = node.text().filter(|text| !text.trim().is_empty()) else {
                reader.wrong_kind(node, name, "an expression");
                continue;
            };
            if let Some(first) = self.by_name.get(name) {
                let first = format!("{}:{}", first.file, first.place.line);
                reader.duplicate(key, "derived value", name, &first);
            } else if self.by_name.len() == MAX_DERIVED {
                return reader.too_big(key, "the number of derived values", MAX_DERIVED);
            } else {
                let draft = Draft {
                    text: text.to_owned(),
                    file: reader.file.to_owned(),
                    place: node.place,
                    needs: Vec::new(),
                };
                self.by_name.insert(name.to_owned(), draft);
            }
        }
    }

    /// Compiles all of them, those that others need first.
    pub(crate) fn compile(mut self, variables: &mut Variables, errors: &mut Vec<RuleError>) {
        for (name, draft) in &self.by_name {
            variables.announce_derived(Declared {
                what: "derived value",
                name: name.clone(),
                file: draft.file.clone(),
                place: draft.place,
            });
        }
        self.find_needs();
        for name in self.in_order(errors) {
            let Some(draft) = self.by_name.get(&name) else {
                continue;
            };
            if let Err(fault) = variables.define_derived(&name, &draft.text) {
                note(errors, error(&draft.file, draft.place, fault));
            }
        }
    }

    fn find_needs(&mut self) {
        let known: Vec<String> = self.by_name.keys().cloned().collect();
        for draft in self.by_name.values_mut() {
            let mut named = names_in(&draft.text);
            named.retain(|name| known.binary_search(name).is_ok());
            draft.needs = named;
        }
    }

    fn in_order(&self, errors: &mut Vec<RuleError>) -> Vec<String> {
        let mut order = Order {
            drafts: self,
            done: Vec::new(),
            depths: BTreeMap::new(),
            path: Vec::new(),
            errors,
        };
        for name in self.by_name.keys() {
            order.visit(name);
        }
        order.done
    }
}

/// A walk along what needs what, depth first.
struct Order<'a> {
    drafts: &'a Drafts,
    done: Vec<String>,
    /// How long the chain below each that is done is.
    depths: BTreeMap<String, usize>,
    path: Vec<String>,
    errors: &'a mut Vec<RuleError>,
}

impl Order<'_> {
    /// How long the chain from here down is.
    fn visit(&mut self, name: &str) -> usize {
        if let Some(depth) = self.depths.get(name) {
            return *depth;
        }
        let Some(draft) = self.drafts.by_name.get(name) else {
            return 0;
        };
        if let Some(start) = self.path.iter().position(|open| open == name) {
            let circle = self
                .path
                .iter()
                .skip(start)
                .cloned()
                .chain([name.to_owned()])
                .collect();
            note(self.errors, error(&draft.file, draft.place, Fault::Cycle(circle)));
            return 0;
        }
        self.path.push(name.to_owned());
        let below = draft.needs.iter().map(|needed| self.visit(needed)).max();
        self.path.pop();
        let depth = below.unwrap_or(0) + 1;
        if depth == MAX_DEPTH + 1 {
            let what = "the number of derived values that need each other in a chain";
            let fault = Fault::TooBig {
                what,
                limit: MAX_DEPTH,
            };
            note(self.errors, error(&draft.file, draft.place, fault));
        }
        self.depths.insert(name.to_owned(), depth);
        self.done.push(name.to_owned());
        depth
    }
}

/// Where a derived value is known: with the event, or only later.
pub(crate) fn later(scopes: impl Iterator<Item = Scope>) -> Scope {
    scopes.max().unwrap_or(Scope::Event)
}
