//! JSON read in place: a flat list of nodes whose texts are slices of what was read. No I/O.
//!
//! Most events are read once and asked a few dozen questions. A tree of maps with a copy of every text costs several
//! times what reading does, so the nodes stand one behind another, a container says where it ends, and only texts with
//! escapes are copies. What is accepted, and as what, is what `serde_json` accepts; tests and a fuzz target compare.
//!
//! Why no library: `serde_json` takes five times as long, and the reader of values of `sonic-rs`, which is as fast, has
//! no bound of depth, so that a text of brackets ends the process (cloudwego/sonic-rs issues 232 and 239).

mod canonical;
mod escape;
mod number;
mod scan;
#[cfg(test)]
mod tests;

pub(crate) use canonical::fingerprint;

use crate::Value;
use std::fmt;

/// Why a text is not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// Brackets within brackets beyond the limit.
    #[error("nested deeper than {0} levels")]
    TooDeep(usize),
    /// Not JSON; says where and what was expected.
    #[error("{0}")]
    NotJson(String),
}

/// A JSON text that was read.
#[derive(Debug, PartialEq)]
pub struct Json<'a> {
    nodes: Vec<Node<'a>>,
    /// What texts with escapes stand for, one behind another.
    written: String,
}

/// One value, or the name before one.
#[derive(Debug, PartialEq)]
enum Node<'a> {
    Null,
    Bool(bool),
    Number(JsonNumber),
    /// A number that has more digits than integers and doubles hold.
    Digits(&'a str),
    Text(&'a str),
    /// A text that had escapes: from where to where it stands among those.
    Written(usize, usize),
    /// Where the node behind its last item stands; while it is open, where the container around it stands.
    List(usize),
    /// The same; names and values take turns.
    Object(usize),
}

/// A number as it was written: whole where an integer holds it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum JsonNumber {
    /// What an `i64` holds.
    Long(i64),
    /// What only a `u64` holds.
    Unsigned(u64),
    /// Everything else.
    Double(f64),
}

impl fmt::Display for JsonNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Long(number) => number.fmt(f),
            Self::Unsigned(number) => number.fmt(f),
            // With a point even where nothing stands behind it, as JSON is written.
            Self::Double(number) => write!(f, "{number:?}"),
        }
    }
}

impl<'a> Json<'a> {
    /// Reads a text whose brackets nest no deeper than `depth`.
    pub fn read(text: &'a str, depth: usize) -> Result<Self, JsonError> {
        scan::read(text, depth)
    }

    /// The value as a whole.
    pub fn root(&self) -> JsonRef<'_> {
        JsonRef {
            nodes: &self.nodes,
            written: &self.written,
            at: 0,
        }
    }
}

/// A value of a JSON text.
#[derive(Debug, Clone, Copy)]
pub struct JsonRef<'j> {
    nodes: &'j [Node<'j>],
    written: &'j str,
    at: usize,
}

impl<'j> JsonRef<'j> {
    /// The text, if it is one.
    pub fn as_str(self) -> Option<&'j str> {
        match self.node()? {
            Node::Text(text) => Some(text),
            Node::Written(from, to) => self.written.get(*from..*to),
            _ => None,
        }
    }

    /// The number, if it is one.
    pub fn as_number(self) -> Option<JsonNumber> {
        match self.node()? {
            Node::Number(number) => Some(*number),
            Node::Digits(text) => text.parse().ok().map(JsonNumber::Double),
            _ => None,
        }
    }

    /// The number as text, with all its digits, if it is one.
    pub fn number_text(self) -> Option<String> {
        match self.node()? {
            Node::Number(number) => Some(number.to_string()),
            Node::Digits(_) => self.scalar().map(|number| number.to_string()),
            _ => None,
        }
    }

    /// The items, if it is a list.
    pub fn items(self) -> Option<impl Iterator<Item = JsonRef<'j>>> {
        let Node::List(end) = *self.node()? else {
            return None;
        };
        Some(Values {
            next: self.inner(self.at + 1),
            end,
        })
    }

    /// The members with their names, if it is an object; a name that is given twice comes twice.
    pub fn members(self) -> Option<Members<'j>> {
        let Node::Object(end) = *self.node()? else {
            return None;
        };
        Some(Members(Values {
            next: self.inner(self.at + 1),
            end,
        }))
    }

    /// The member of this name, if it is an object that has one; the last one where there are several.
    pub fn get(self, name: &str) -> Option<JsonRef<'j>> {
        let named = self.members()?.filter(|(own, _)| *own == name);
        named.last().map(|(_, value)| value)
    }

    /// The value as a scalar; `None` for lists and objects.
    pub fn scalar(self) -> Option<Value> {
        Some(match self.node()? {
            Node::Null => Value::Null,
            Node::Bool(flag) => Value::Bool(*flag),
            Node::Number(JsonNumber::Long(number)) => Value::Long(*number),
            Node::Number(JsonNumber::Unsigned(number)) => Value::of_number(&number.to_string())?,
            Node::Digits(text) => Value::of_number(text)?,
            Node::Number(JsonNumber::Double(number)) => Value::Double(*number),
            Node::Text(_) | Node::Written(..) => Value::String(self.as_str()?.to_owned()),
            Node::List(_) | Node::Object(_) => return None,
        })
    }

    fn node(self) -> Option<&'j Node<'j>> {
        self.nodes.get(self.at)
    }

    fn inner(self, at: usize) -> Self {
        Self { at, ..self }
    }

    /// Where the node behind it stands.
    fn end(self) -> usize {
        match self.node() {
            Some(Node::List(end) | Node::Object(end)) => *end,
            _ => self.at + 1,
        }
    }
}

/// One value behind another.
struct Values<'j> {
    next: JsonRef<'j>,
    end: usize,
}

impl<'j> Iterator for Values<'j> {
    type Item = JsonRef<'j>;

    fn next(&mut self) -> Option<JsonRef<'j>> {
        let value = self.next;
        (value.at < self.end).then(|| {
            self.next = value.inner(value.end());
            value
        })
    }
}

/// The members of an object.
pub struct Members<'j>(Values<'j>);

impl<'j> Iterator for Members<'j> {
    type Item = (&'j str, JsonRef<'j>);

    fn next(&mut self) -> Option<Self::Item> {
        let name = self.0.next()?.as_str()?;
        Some((name, self.0.next()?))
    }
}
