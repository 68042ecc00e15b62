//! YAML as a tree whose every node knows its line and column, within limits. No I/O.

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

    /// `key:` with nothing behind it, `~` or `null`.
    pub(crate) fn is_null(&self) -> bool {
        matches!(&self.value, Yaml::Scalar { text, plain: true } if matches!(text.as_str(), "" | "~" | "null"))
    }

    /// The typed value of a scalar; `None` for lists and mappings.
    pub(crate) fn scalar(&self) -> Option<OwnedFact> {
        match &self.value {
            Yaml::Scalar { text, plain } => Some(scalar(text, *plain)),
            _ => None,
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
    Ok(tree
        .root
        .unwrap_or(Node::new(Place::START, Yaml::Map(Vec::new()))))
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

/// YAML's core schema, without its octal and hexadecimal numbers.
fn scalar(text: &str, plain: bool) -> OwnedFact {
    match text {
        _ if !plain => OwnedFact::Str(text.to_owned()),
        "" | "~" | "null" => OwnedFact::Null,
        "true" | "True" => OwnedFact::Bool(true),
        "false" | "False" => OwnedFact::Bool(false),
        _ => text
            .parse()
            .map(OwnedFact::Long)
            .or_else(|_| text.parse().map(OwnedFact::Double))
            .unwrap_or_else(|_| OwnedFact::Str(text.to_owned())),
    }
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
