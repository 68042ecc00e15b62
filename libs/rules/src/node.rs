//! YAML as a tree whose every node knows its line and column, within limits. No I/O.

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use crate::error::Fault;

const MAX_BYTES: usize = 1 << 20;
const MAX_DEPTH: usize = 32;
const MAX_NODES: usize = 100_000;

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

    pub(crate) fn scalars_mut(&mut self, change: &mut impl FnMut(Place, &mut String)) {
        match &mut self.value {
            Yaml::Scalar { text, .. } => change(self.place, text),
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
    let mut tree = Tree::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| {
            let place = Place {
                line: error.marker().line().max(1),
                column: error.marker().col() + 1,
            };
            (place, Fault::Yaml(error.info().to_owned()))
        })?;
        let place = Place::of(span);
        tree.take(event, place).map_err(|fault| (place, fault))?;
    }
    Ok(tree.root.unwrap_or(Node {
        place: Place::START,
        value: Yaml::Map(Vec::new()),
    }))
}

#[derive(Default)]
struct Tree {
    root: Option<Node>,
    open: Vec<Open>,
    nodes: usize,
}

impl Tree {
    fn take(&mut self, event: Event<'_>, place: Place) -> Result<(), Fault> {
        match event {
            Event::Alias(_) => Err(Fault::Forbidden("YAML aliases")),
            Event::Scalar(text, style, anchor, _) => {
                no_anchor(anchor)?;
                let value = Yaml::Scalar {
                    text: text.into_owned(),
                    plain: matches!(style, ScalarStyle::Plain),
                };
                self.add(Node { place, value })
            }
            Event::SequenceStart(anchor, _) => self.begin(
                anchor,
                Node {
                    place,
                    value: Yaml::List(Vec::new()),
                },
            ),
            Event::MappingStart(anchor, _) => self.begin(
                anchor,
                Node {
                    place,
                    value: Yaml::Map(Vec::new()),
                },
            ),
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(done) => self.add(done.node),
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
        if self.nodes > MAX_NODES {
            return Err(Fault::TooBig {
                what: "the number of values in a rule file",
                limit: MAX_NODES,
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
