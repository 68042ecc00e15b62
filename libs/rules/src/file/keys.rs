//! A mapping with known keys: unknown ones are mistakes with a hint, values are read by kind. No I/O.

use std::time::Duration;

use model::presented;
use model::{Json, JsonRef};

use super::{error, note};
use crate::error::{Fault, RuleError};
use crate::fact::OwnedFact;
use crate::names::{EVENT_FIELDS, SIGNAL_FIELDS, nearest};
use crate::node::{Node, Place, Yaml};

/// Brackets within brackets of the data of a test; more the edge would not take.
const MAX_DEPTH: usize = 64;

/// Where mistakes of one file go.
pub(crate) struct Reader<'a> {
    pub(crate) file: &'a str,
    pub(crate) errors: &'a mut Vec<RuleError>,
}

impl Reader<'_> {
    pub(crate) fn fail(&mut self, place: Place, fault: Fault) {
        note(self.errors, error(self.file, place, fault));
    }

    /// Takes the value or notes the mistake.
    pub(crate) fn keep<T>(&mut self, place: Place, result: Result<T, Fault>) -> Option<T> {
        result.map_err(|fault| self.fail(place, fault)).ok()
    }

    fn wrong<T>(&mut self, place: Place, key: &str, wanted: &'static str) -> Option<T> {
        self.fail(
            place,
            Fault::WrongKind {
                key: key.to_owned(),
                wanted,
            },
        );
        None
    }

    /// The mapping `node`, refusing keys that are not among `known`.
    pub(crate) fn fields<'n>(
        &mut self,
        node: &'n Node,
        what: &'static str,
        known: &'static [&'static str],
    ) -> Option<Fields<'n>> {
        let Yaml::Map(entries) = &node.value else {
            return self.wrong(node.place, what, "a mapping of keys to values");
        };
        let mut kept: Vec<(&str, &Node)> = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            match key.text() {
                Some(name) if kept.iter().any(|(seen, _)| *seen == name) => {
                    self.fail(key.place, Fault::DuplicateKey(name.to_owned()));
                }
                Some(name) if known.contains(&name) => kept.push((name, value)),
                other => {
                    let key_text = other.unwrap_or("?").to_owned();
                    let hint = nearest(&key_text, known.iter().copied());
                    let known = known.join(", ");
                    self.fail(
                        key.place,
                        Fault::UnknownKey {
                            key: key_text,
                            place: what,
                            hint,
                            known,
                        },
                    );
                }
            }
        }
        Some(Fields {
            place: node.place,
            what,
            entries: kept,
        })
    }

    /// The entries of a mapping from names to something; a missing key is an empty mapping.
    pub(crate) fn entries<'n>(
        &mut self,
        fields: &Fields<'n>,
        key: &'static str,
        wanted: &'static str,
    ) -> &'n [(Node, Node)] {
        match fields.get(key).map(|node| (node, &node.value)) {
            None => &[],
            Some((_, Yaml::Map(entries))) => entries,
            Some((node, _)) if node.is_null() => &[],
            Some((node, _)) => self.wrong(node.place, key, wanted).unwrap_or(&[]),
        }
    }

    /// A name that the file gives to something of its own.
    pub(crate) fn new_name<'n>(&mut self, key: &'n Node) -> Option<&'n str> {
        let name = key.text().unwrap_or_default();
        let parts = name.split('.').collect::<Vec<_>>();
        let plain = |part: &&str| {
            part.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        };
        let bare_field = EVENT_FIELDS.contains(&name) || SIGNAL_FIELDS.contains(&name);
        if parts.iter().all(plain) && !bare_field {
            return Some(name);
        }
        let wanted = if bare_field {
            "a name that no event or signal field has"
        } else {
            "a name of letters, digits and _"
        };
        self.wrong(key.place, name, wanted)
    }

    pub(crate) fn wrong_kind(&mut self, node: &Node, key: &str, wanted: &'static str) {
        self.wrong::<()>(node.place, key, wanted);
    }

    pub(crate) fn duplicate(&mut self, node: &Node, what: &'static str, name: &str, first: &str) {
        let (name, first) = (name.to_owned(), first.to_owned());
        self.fail(node.place, Fault::Duplicate { what, name, first });
    }

    pub(crate) fn too_big(&mut self, node: &Node, what: &'static str, limit: usize) {
        self.fail(node.place, Fault::TooBig { what, limit });
    }

    /// `true` or `false`; a missing key is `false`.
    pub(crate) fn switch(&mut self, fields: &Fields<'_>, key: &'static str) -> bool {
        match fields.get(key).map(|node| (node.place, node.scalar())) {
            None => false,
            Some((_, Some(OwnedFact::Bool(value)))) => value,
            Some((place, _)) => self.wrong(place, key, "true or false").unwrap_or(false),
        }
    }

    /// The items of a list; a missing key is an empty list.
    pub(crate) fn list<'n>(&mut self, fields: &Fields<'n>, key: &'static str) -> &'n [Node] {
        match fields.get(key) {
            None => &[],
            Some(node) => match &node.value {
                Yaml::List(items) => items,
                _ if node.is_null() => &[],
                _ => self.wrong(node.place, key, "a list").unwrap_or(&[]),
            },
        }
    }

    pub(crate) fn text(&mut self, fields: &Fields<'_>, key: &'static str) -> Option<String> {
        let node = fields.get(key)?;
        match node.text() {
            Some(text) if !node.is_null() => Some(text.to_owned()),
            _ => self.wrong(node.place, key, "a text"),
        }
    }

    /// A text that must be there and say something.
    pub(crate) fn required_text(&mut self, fields: &Fields<'_>, key: &'static str) -> Option<String> {
        match fields.get(key) {
            None => self.missing(fields, key),
            Some(node) if node.text().is_some_and(|text| text.trim().is_empty()) => {
                self.wrong(node.place, key, "a text that is not empty")
            }
            Some(_) => self.text(fields, key),
        }
    }

    pub(crate) fn missing<T>(&mut self, fields: &Fields<'_>, key: &'static str) -> Option<T> {
        self.fail(
            fields.place,
            Fault::MissingKey {
                key,
                place: fields.what,
            },
        );
        None
    }

    pub(crate) fn number(&mut self, fields: &Fields<'_>, key: &'static str) -> Option<f64> {
        let node = fields.get(key)?;
        let number = node
            .text()
            .and_then(|text| text.trim().parse::<f64>().ok())
            .filter(|n| n.is_finite());
        number.or_else(|| self.wrong(node.place, key, "a number"))
    }

    /// A whole number from 1.
    pub(crate) fn count(&mut self, fields: &Fields<'_>, key: &'static str) -> Option<u32> {
        let node = fields.get(key)?;
        let count = node
            .text()
            .and_then(|text| text.trim().parse().ok())
            .filter(|count| *count > 0);
        count.or_else(|| self.wrong(node.place, key, "a whole number from 1"))
    }

    /// A time span such as `1m`, `24h` or `7d`, in milliseconds.
    pub(crate) fn span_ms(&mut self, fields: &Fields<'_>, key: &'static str) -> Option<i64> {
        let node = fields.get(key)?;
        let span: Option<Duration> = node
            .text()
            .and_then(|text| humantime::parse_duration(text.trim()).ok());
        let ms = span.and_then(|span| i64::try_from(span.as_millis()).ok());
        ms.or_else(|| self.wrong(node.place, key, "a time span such as 30s, 1m, 24h or 7d"))
    }

    /// One text or a list of texts.
    pub(crate) fn texts(&mut self, fields: &Fields<'_>, key: &'static str) -> Vec<String> {
        let Some(node) = fields.get(key) else {
            return Vec::new();
        };
        let items = match &node.value {
            Yaml::List(items) => items.as_slice(),
            _ => std::slice::from_ref(node),
        };
        let texts: Option<Vec<String>> = items.iter().map(|item| item.text().map(str::to_owned)).collect();
        texts
            .or_else(|| self.wrong(node.place, key, "a text or a list of texts"))
            .unwrap_or_default()
    }

    /// The data of an event of a test, as the normalizer presents it to rules: lists are left out, so are names and texts
    /// beyond its limits, and what it refuses is a mistake.
    pub(crate) fn data(&mut self, node: &Node, out: &mut Vec<(String, OwnedFact)>) {
        let json = node.to_json();
        let read = match Json::read(&json, MAX_DEPTH) {
            Ok(read) => read,
            Err(error) => return self.fail(node.place, Fault::Data(error.to_string())),
        };
        if let Err(hiding) = presented::check(read.root()) {
            return self.fail(node.place, Fault::Data(hiding.to_string()));
        }
        let facts = presented::present(read.root());
        let texts = ["text", "title"].map(|name| (name, read.root().get(name).and_then(JsonRef::as_str)));
        for (name, text) in texts {
            out.extend(text.map(|text| (format!("data.{name}"), OwnedFact::Str(text.to_owned()))));
        }
        out.extend(
            facts
                .iter()
                .map(|(name, value)| (format!("data.{name}"), value.into())),
        );
    }

    /// Facts of a test case: nested mappings become dotted names.
    pub(crate) fn facts(&mut self, node: &Node, prefix: &str, out: &mut Vec<(String, OwnedFact)>) {
        let Yaml::Map(entries) = &node.value else {
            self.wrong::<()>(node.place, "given", "a mapping of names to values");
            return;
        };
        for (key, value) in entries {
            let name = key.text().unwrap_or_default();
            let name = if prefix.is_empty() {
                name.to_owned()
            } else {
                format!("{prefix}.{name}")
            };
            match &value.value {
                Yaml::Map(_) if name == "data" => self.data(value, out),
                Yaml::Map(_) => self.facts(value, &name, out),
                Yaml::List(items) => {
                    let items = items
                        .iter()
                        .filter_map(|item| item.text().map(str::to_owned))
                        .collect();
                    out.push((name, OwnedFact::StrList(items)));
                }
                Yaml::Scalar { .. } => out.extend(value.scalar().map(|fact| (name, fact))),
            }
        }
    }
}

/// A mapping whose keys were checked.
pub(crate) struct Fields<'n> {
    pub(crate) place: Place,
    pub(crate) what: &'static str,
    pub(crate) entries: Vec<(&'n str, &'n Node)>,
}

impl<'n> Fields<'n> {
    pub(crate) fn get(&self, key: &str) -> Option<&'n Node> {
        self.entries
            .iter()
            .find(|(name, _)| *name == key)
            .map(|(_, node)| *node)
    }
}
