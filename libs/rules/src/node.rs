//! YAML as a tree whose every node knows its line and column, within limits. No I/O.

use std::collections::HashSet;

use model::presented::composed;
use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use crate::error::Fault;
use crate::fact::OwnedFact;

const MAX_BYTES: usize = 1 << 20;
const MAX_DEPTH: usize = 32;
const MAX_NODES: usize = 100_000;
/// Values that any file may have; above these, a file has one for each so many bytes, because a value takes far more
/// memory than the two bytes it can be written in.
const FEW_NODES: usize = 10_000;
const BYTES_A_NODE: usize = 8;

/// Line and column, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Place {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl Place {
    const START: Place = Place { line: 1, column: 1 };

    fn of(span: Span) -> Place {
        Place {
            line: span.start.line().max(1),
            column: span.start.col() + 1,
        }
    }
}

/// A YAML node with its place.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) place: Place,
    /// How many characters after the place the text begins, for a text that stands on one line as it is.
    pub(crate) inset: Option<usize>,
    pub(crate) value: Yaml,
}

/// What a node holds. Scalars keep their text; `plain` tells `10` from `"10"`.
#[derive(Debug, Clone)]
pub(crate) enum Yaml {
    Scalar { text: String, plain: bool },
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
}

impl Node {
    pub(crate) fn new(place: Place, value: Yaml) -> Self {
        Self {
            place,
            inset: None,
            value,
        }
    }

    /// The place of a word within the text; the place of the text itself where that cannot be told.
    pub(crate) fn place_of(&self, word: &str) -> Place {
        let text = self.text().unwrap_or_default();
        let Some((inset, at)) = self.inset.zip(whole_word(text, word)) else {
            return self.place;
        };
        Place {
            line: self.place.line,
            column: self.place.column + inset + text[..at].chars().count(),
        }
    }

    /// Without the room that a list or mapping kept for more.
    fn tightened(mut self) -> Self {
        match &mut self.value {
            Yaml::List(items) => items.shrink_to_fit(),
            Yaml::Map(entries) => entries.shrink_to_fit(),
            Yaml::Scalar { .. } => {}
        }
        self
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Yaml::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// A key that stands twice in one mapping, which YAML forbids: readers do not agree on which one counts.
    fn repeated_key(&self) -> Option<&Node> {
        match &self.value {
            Yaml::Scalar { .. } => None,
            Yaml::List(items) => items.iter().find_map(Node::repeated_key),
            Yaml::Map(entries) => {
                let mut seen = HashSet::with_capacity(entries.len());
                let twice = entries
                    .iter()
                    .map(|(key, _)| key)
                    .find(|key| key.text().is_some_and(|text| !seen.insert(composed(text))));
                twice.or_else(|| entries.iter().find_map(|(_, value)| value.repeated_key()))
            }
        }
    }

    /// `key:` with nothing behind it, `~` or `null`.
    pub(crate) fn is_null(&self) -> bool {
        matches!(&self.value, Yaml::Scalar { text, plain: true } if is_null(text))
    }

    /// The typed value of a scalar; `None` for lists and mappings.
    pub(crate) fn scalar(&self) -> Option<OwnedFact> {
        match &self.value {
            Yaml::Scalar { text, plain } => Some(scalar(text, *plain)),
            _ => None,
        }
    }

    /// What it is in JSON. Numbers that JSON does not have are written so that its reader refuses them.
    pub(crate) fn to_json(&self) -> String {
        let text = |text: &str| serde_json::Value::from(text).to_string();
        match &self.value {
            Yaml::Scalar { .. } => match self.scalar() {
                None | Some(OwnedFact::Null) => "null".to_owned(),
                Some(OwnedFact::Bool(value)) => value.to_string(),
                Some(OwnedFact::Long(value)) => value.to_string(),
                Some(OwnedFact::Double(value)) => format!("{value:?}"),
                Some(OwnedFact::Decimal(value)) => value.to_string(),
                Some(_) => text(self.text().unwrap_or_default()),
            },
            Yaml::List(items) => {
                let items: Vec<String> = items.iter().map(Node::to_json).collect();
                format!("[{}]", items.join(","))
            }
            Yaml::Map(entries) => {
                let members = entries.iter().map(|(key, value)| {
                    format!("{}:{}", text(key.text().unwrap_or_default()), value.to_json())
                });
                format!("{{{}}}", members.collect::<Vec<_>>().join(","))
            }
        }
    }

    pub(crate) fn scalars_mut(&mut self, change: &mut impl FnMut(Place, &mut String)) {
        match &mut self.value {
            Yaml::Scalar { text, .. } => {
                let before = text.len();
                change(self.place, text);
                if text.len() != before {
                    self.inset = None;
                }
            }
            Yaml::List(items) => items.iter_mut().for_each(|item| item.scalars_mut(change)),
            Yaml::Map(entries) => entries
                .iter_mut()
                .for_each(|(_, value)| value.scalars_mut(change)),
        }
    }
}

/// A mapping or list that has begun and not ended.
struct Open {
    node: Node,
    key: Option<Node>,
}

/// Reads one YAML document. An empty text is an empty mapping.
pub(crate) fn read(text: &str) -> Result<Node, (Place, Fault)> {
    if text.len() > MAX_BYTES {
        return Err((
            Place::START,
            Fault::TooBig {
                what: "the size of a rule file in bytes",
                limit: MAX_BYTES,
            },
        ));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut tree = Tree {
        most: MAX_NODES.min(FEW_NODES + text.len() / BYTES_A_NODE),
        ..Tree::default()
    };
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| {
            let place = Place {
                line: error.marker().line().max(1),
                column: error.marker().col() + 1,
            };
            (place, Fault::Yaml(error.info().to_owned()))
        })?;
        let place = Place::of(span);
        let inline = span.start.line() == span.end.line();
        tree.take(event, place, inline).map_err(|fault| (place, fault))?;
    }
    let root = tree
        .root
        .unwrap_or(Node::new(Place::START, Yaml::Map(Vec::new())));
    match root.repeated_key() {
        Some(key) => Err((
            key.place,
            Fault::DuplicateKey(key.text().unwrap_or_default().to_owned()),
        )),
        None => Ok(root),
    }
}

#[derive(Default)]
struct Tree {
    root: Option<Node>,
    open: Vec<Open>,
    nodes: usize,
    most: usize,
}

impl Tree {
    fn take(&mut self, event: Event<'_>, place: Place, inline: bool) -> Result<(), Fault> {
        match event {
            Event::Alias(_) => Err(Fault::Forbidden("YAML aliases")),
            Event::Scalar(text, style, anchor, _) => {
                no_anchor(anchor)?;
                let value = Yaml::Scalar {
                    text: text.into_owned(),
                    plain: matches!(style, ScalarStyle::Plain),
                };
                let inset = match style {
                    _ if !inline => None,
                    ScalarStyle::Plain => Some(0),
                    ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Some(1),
                    ScalarStyle::Literal | ScalarStyle::Folded => None,
                };
                self.add(Node { place, inset, value })
            }
            Event::SequenceStart(anchor, _) => self.begin(anchor, Node::new(place, Yaml::List(Vec::new()))),
            Event::MappingStart(anchor, _) => self.begin(anchor, Node::new(place, Yaml::Map(Vec::new()))),
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(done) => self.add(done.node.tightened()),
                None => Ok(()),
            },
            Event::DocumentStart(_) if self.root.is_some() => Err(Fault::Forbidden("several YAML documents")),
            _ => Ok(()),
        }
    }

    fn begin(&mut self, anchor: usize, node: Node) -> Result<(), Fault> {
        no_anchor(anchor)?;
        if self.open.len() >= MAX_DEPTH {
            return Err(Fault::TooBig {
                what: "the nesting of a rule file",
                limit: MAX_DEPTH,
            });
        }
        self.open.push(Open { node, key: None });
        Ok(())
    }

    fn add(&mut self, node: Node) -> Result<(), Fault> {
        self.nodes += 1;
        if self.nodes > self.most {
            return Err(Fault::TooBig {
                what: "the number of values in a rule file",
                limit: self.most,
            });
        }
        let Some(parent) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        match &mut parent.node.value {
            Yaml::List(items) => items.push(node),
            Yaml::Map(entries) => match parent.key.take() {
                Some(key) => entries.push((key, node)),
                None => parent.key = Some(node),
            },
            Yaml::Scalar { .. } => {}
        }
        Ok(())
    }
}

fn no_anchor(anchor: usize) -> Result<(), Fault> {
    if anchor == 0 {
        Ok(())
    } else {
        Err(Fault::Forbidden("YAML anchors"))
    }
}

fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

/// The core schema of YAML 1.2 (<https://yaml.org/spec/1.2.2/#103-core-schema>), without its octal and hexadecimal
/// numbers: `yes`, `NO`, `inf` and `1_000` are texts.
fn scalar(text: &str, plain: bool) -> OwnedFact {
    match text {
        _ if !plain => OwnedFact::Str(text.to_owned()),
        _ if is_null(text) => OwnedFact::Null,
        "true" | "True" | "TRUE" => OwnedFact::Bool(true),
        "false" | "False" | "FALSE" => OwnedFact::Bool(false),
        ".nan" | ".NaN" | ".NAN" => OwnedFact::Double(f64::NAN),
        _ => number(text).unwrap_or_else(|| OwnedFact::Str(text.to_owned())),
    }
}

fn number(text: &str) -> Option<OwnedFact> {
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") {
        return Some(OwnedFact::Double(if negative {
            f64::NEG_INFINITY
        } else {
            f64::INFINITY
        }));
    }
    if !unsigned.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
        return None;
    }
    // What is left is what Rust's numbers are, and `text` has no sign twice.
    let number = model::Value::of_number(text.strip_prefix('+').unwrap_or(text));
    number
        .as_ref()
        .map(OwnedFact::from)
        .or_else(|| text.parse().ok().map(OwnedFact::Double))
}

/// Where a word stands in a text as a word of its own.
fn whole_word(text: &str, word: &str) -> Option<usize> {
    let joins = |next: char| next.is_alphanumeric() || matches!(next, '_' | '.');
    let alone = |at: usize| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        !before.is_some_and(joins) && !after.is_some_and(joins)
    };
    text.match_indices(word).map(|(at, _)| at).find(|at| alone(*at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_are_those_of_the_core_schema() {
        for text in [
            "inf", "Infinity", "-inf", "nan", "NaN", "NO", "yes", "off", "1_000", "0x1F", "1e", "+", "-",
            ".", "1.2.3", "--1", "infinity", "nULL", "tRUE", "12:30:00",
        ] {
            assert_eq!(scalar(text, true), OwnedFact::Str(text.to_owned()), "{text}");
        }
        for (text, wanted) in [
            (".inf", OwnedFact::Double(f64::INFINITY)),
            ("-.INF", OwnedFact::Double(f64::NEG_INFINITY)),
            ("+5", OwnedFact::Long(5)),
            ("01067", OwnedFact::Long(1067)),
            ("1e3", OwnedFact::Long(1000)),
            (".5", OwnedFact::Double(0.5)),
            ("5.", OwnedFact::Long(5)),
            ("NULL", OwnedFact::Null),
            ("TRUE", OwnedFact::Bool(true)),
        ] {
            assert_eq!(scalar(text, true), wanted, "{text}");
        }
        assert_eq!(scalar("TRUE", false), OwnedFact::Str("TRUE".to_owned()));
    }

    #[test]
    fn a_key_stands_once_in_a_mapping() {
        let twice = |text: &str| match read(text) {
            Err((place, Fault::DuplicateKey(key))) => Some((place.line, place.column, key)),
            _ => None,
        };
        assert_eq!(twice("a: {b: 1, c: 2, b: 3}"), Some((1, 17, "b".to_owned())));
        assert_eq!(
            twice("- {x: 1}\n- 'x': 1\n  x: 2\n"),
            Some((3, 3, "x".to_owned()))
        );
        assert!(twice("caf\u{e9}: 1\ncafe\u{301}: 2\n").is_some());
        assert_eq!(twice("a: {b: 1}\nc: {b: 2}\n"), None);
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_first_key() {
        let node = read("\u{feff}levels: []\n").expect("reads");
        let Yaml::Map(entries) = &node.value else {
            panic!("a mapping")
        };
        assert_eq!(entries[0].0.text(), Some("levels"));
    }
}
