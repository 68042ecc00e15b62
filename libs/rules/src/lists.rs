//! Named lists and tables that conditions ask: `author in vip`, `tier[author] == 'gold'`. No I/O.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use model::presented::composed;

use crate::error::Fault;
use crate::fact::OwnedFact;
use crate::file::{Fields, Reader};
use crate::names::Kind;
use crate::node::{Node, Place, Yaml};

/// The most items of all lists and tables together.
pub(crate) const MAX_ITEMS: usize = 2_000_000;

/// A list of texts, asked by `in`.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct NamedList {
    items: HashSet<String>,
}

impl NamedList {
    pub(crate) fn holds(&self, item: &str) -> bool {
        self.items.contains(&*composed(item))
    }

    /// The items, in an order of their own.
    pub(crate) fn items(&self) -> impl Iterator<Item = &str> {
        self.items.iter().map(String::as_str)
    }
}

/// A value for each key, asked by `table[key]`.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct NamedTable {
    rows: HashMap<String, OwnedFact>,
}

impl NamedTable {
    /// What the table says of a key; of a key it does not have, that there is nothing.
    pub(crate) fn get(&self, key: &str) -> &OwnedFact {
        self.rows.get(&*composed(key)).unwrap_or(&OwnedFact::Null)
    }

    /// The kind of all its values, if they are of one.
    pub(crate) fn kind(&self) -> Kind {
        let mut kinds = self.rows.values().filter_map(|value| match value {
            OwnedFact::Null => None,
            OwnedFact::Bool(_) => Some(Kind::Truth),
            OwnedFact::Long(_) | OwnedFact::Double(_) | OwnedFact::Decimal(_) => Some(Kind::Number),
            OwnedFact::Str(_) => Some(Kind::Text),
            _ => Some(Kind::Any),
        });
        let Some(first) = kinds.next() else {
            return Kind::Any;
        };
        if kinds.all(|kind| kind == first) {
            first
        } else {
            Kind::Any
        }
    }

    /// All rows, in an order of their own.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (&str, &OwnedFact)> {
        self.rows.iter().map(|(key, value)| (key.as_str(), value))
    }
}

/// The lists and tables of a set of rule files.
#[derive(Debug, Default)]
pub(crate) struct Named {
    pub(crate) lists: HashMap<String, Arc<NamedList>>,
    pub(crate) tables: HashMap<String, Arc<NamedTable>>,
    items: usize,
    /// All names the files declare, derived values included.
    pub(crate) declared: Vec<Declared>,
}

/// A name that a file gives to something of its own.
#[derive(Debug, Clone)]
pub(crate) struct Declared {
    /// "list", "table" or "derived value".
    pub(crate) what: &'static str,
    pub(crate) name: String,
    pub(crate) file: String,
    pub(crate) place: Place,
}

impl Named {
    /// Reads `lists:` and `tables:` of one file.
    pub(crate) fn read(&mut self, reader: &mut Reader<'_>, root: &Fields<'_>) {
        for (key, node) in reader.entries(root, "lists", "a mapping of names to lists") {
            self.read_list(reader, key, node);
        }
        for (key, node) in reader.entries(root, "tables", "a mapping of names to tables") {
            self.read_table(reader, key, node);
        }
    }

    fn read_list(&mut self, reader: &mut Reader<'_>, key: &Node, node: &Node) {
        let Some(name) = self.new_name(reader, key, "list") else {
            return;
        };
        let Yaml::List(items) = &node.value else {
            return reader.wrong_kind(node, name, "a list of texts");
        };
        let texts: Option<HashSet<String>> = items
            .iter()
            .map(|item| Some(composed(item.text()?).into_owned()))
            .collect();
        match texts {
            Some(items) if self.has_room(reader, node, items.len()) => {
                self.lists.insert(name.to_owned(), Arc::new(NamedList { items }));
            }
            Some(_) => {}
            None => reader.wrong_kind(node, name, "a list of texts"),
        }
    }

    /// `tier: {alice: gold}` is the table `tier`; `people: {alice: {tier: gold}}` is the table `people.tier`.
    fn read_table(&mut self, reader: &mut Reader<'_>, key: &Node, node: &Node) {
        let Some(name) = self.new_name(reader, key, "table") else {
            return;
        };
        let Yaml::Map(entries) = &node.value else {
            return reader.wrong_kind(node, name, "a mapping of keys to values");
        };
        if !self.has_room(reader, node, entries.len()) {
            return;
        }
        let mut tables: HashMap<String, NamedTable> =
            HashMap::from([(name.to_owned(), NamedTable::default())]);
        let mut seen = HashSet::with_capacity(entries.len());
        for (key, value) in entries {
            let row = composed(key.text().unwrap_or_default());
            if !seen.insert(row.clone()) {
                reader.fail(key.place, Fault::DuplicateKey(row.into_owned()));
                continue;
            }
            let cells: Vec<(String, &Node)> = match &value.value {
                Yaml::Map(columns) => columns
                    .iter()
                    .map(|(column, cell)| (format!("{name}.{}", column.text().unwrap_or_default()), cell))
                    .collect(),
                _ => vec![(name.to_owned(), value)],
            };
            for (table, cell) in cells {
                let Some(fact) = cell.scalar().map(|fact| fact.composed().known()) else {
                    reader.wrong_kind(cell, &row, "a text, a number, true or false");
                    continue;
                };
                tables
                    .entry(table)
                    .or_default()
                    .rows
                    .insert(row.clone().into_owned(), fact);
            }
        }
        let tables = tables.into_iter().map(|(name, table)| (name, Arc::new(table)));
        self.tables.extend(tables);
    }

    fn new_name<'n>(
        &mut self,
        reader: &mut Reader<'_>,
        key: &'n Node,
        what: &'static str,
    ) -> Option<&'n str> {
        let name = reader.new_name(key)?;
        if self.lists.contains_key(name) || self.tables.contains_key(name) {
            reader.duplicate(key, what, name, "another file or above");
            return None;
        }
        self.declared.push(Declared {
            what,
            name: name.to_owned(),
            file: reader.file.to_owned(),
            place: key.place,
        });
        Some(name)
    }

    fn has_room(&mut self, reader: &mut Reader<'_>, node: &Node, more: usize) -> bool {
        self.items += more;
        let fits = self.items <= MAX_ITEMS;
        if !fits {
            reader.too_big(node, "the number of items of all lists and tables", MAX_ITEMS);
        }
        fits
    }
}
