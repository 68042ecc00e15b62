//! From the text to its nodes, in one pass without recursion. No I/O.

use super::{Json, JsonError, JsonNumber, Node, escape, number};
use crate::Decimal;

/// Bytes of an event's JSON for each of its nodes, about; a wrong guess costs a reallocation.
const BYTES_A_NODE: usize = 8;
/// No container is open.
const OUTSIDE: usize = usize::MAX;

pub(super) fn read(text: &str, depth: usize) -> Result<Json<'_>, JsonError> {
    let mut scan = Scan {
        text,
        at: 0,
        written: String::new(),
        nodes: Vec::with_capacity(text.len() / BYTES_A_NODE + 2),
        open: OUTSIDE,
        depth,
    };
    match scan.document() {
        Ok(()) => Ok(Json {
            nodes: scan.nodes,
            written: scan.written,
        }),
        Err(Stop::TooDeep) => Err(JsonError::TooDeep(depth)),
        Err(Stop::NotJson) => Err(JsonError::NotJson(explain(text, scan.at))),
    }
}

/// What is wrong, in the words of a parser that has words for it.
#[cold]
fn explain(text: &str, at: usize) -> String {
    match serde_json::from_str::<serde::de::IgnoredAny>(text) {
        Err(error) => error.to_string(),
        Ok(_) => format!("a number out of range or a broken text at byte {at}"),
    }
}

enum Stop {
    TooDeep,
    NotJson,
}

type Step = Result<(), Stop>;

struct Scan<'a> {
    text: &'a str,
    at: usize,
    nodes: Vec<Node<'a>>,
    /// What texts with escapes stand for, one behind another.
    written: String,
    /// The innermost container that is open.
    open: usize,
    /// How many more may be opened.
    depth: usize,
}

impl<'a> Scan<'a> {
    fn document(&mut self) -> Step {
        self.blanks();
        self.value()?;
        while self.open != OUTSIDE {
            self.next_of_container()?;
        }
        self.blanks();
        if self.at == self.text.len() {
            Ok(())
        } else {
            Err(Stop::NotJson)
        }
    }

    /// One value; of a container only its beginning, and its first item or name where it has one.
    fn value(&mut self) -> Step {
        loop {
            match self.peek() {
                Some(b'"') => return self.string(),
                Some(b'{') => {
                    self.begin(Node::Object(self.open))?;
                    if self.eaten(b'}') {
                        return self.end();
                    }
                    self.name()?;
                }
                Some(b'[') => {
                    self.begin(Node::List(self.open))?;
                    if self.eaten(b']') {
                        return self.end();
                    }
                }
                Some(b'-' | b'0'..=b'9') => return self.number(),
                Some(b't') => return self.word("true", Node::Bool(true)),
                Some(b'f') => return self.word("false", Node::Bool(false)),
                Some(b'n') => return self.word("null", Node::Null),
                _ => return Err(Stop::NotJson),
            }
        }
    }

    /// What stands behind a value: another one, or the end of the container.
    fn next_of_container(&mut self) -> Step {
        self.blanks();
        let next = self.peek();
        self.at += 1;
        match (next, self.nodes.get(self.open)) {
            (Some(b','), Some(Node::Object(_))) => {
                self.blanks();
                self.name()?;
                self.value()
            }
            (Some(b','), Some(Node::List(_))) => {
                self.blanks();
                self.value()
            }
            (Some(b'}'), Some(Node::Object(_))) | (Some(b']'), Some(Node::List(_))) => self.end(),
            _ => Err(Stop::NotJson),
        }
    }

    fn begin(&mut self, container: Node<'a>) -> Step {
        self.depth = self.depth.checked_sub(1).ok_or(Stop::TooDeep)?;
        self.open = self.nodes.len();
        self.nodes.push(container);
        self.at += 1;
        self.blanks();
        Ok(())
    }

    fn end(&mut self) -> Step {
        let end = self.nodes.len();
        let Some(Node::List(around) | Node::Object(around)) = self.nodes.get_mut(self.open) else {
            return Err(Stop::NotJson);
        };
        self.open = std::mem::replace(around, end);
        self.depth += 1;
        Ok(())
    }

    /// A member's name, with the colon behind it.
    fn name(&mut self) -> Step {
        if self.peek() != Some(b'"') {
            return Err(Stop::NotJson);
        }
        self.string()?;
        self.blanks();
        if !self.eaten(b':') {
            return Err(Stop::NotJson);
        }
        self.blanks();
        Ok(())
    }

    fn string(&mut self) -> Step {
        let start = self.at + 1;
        let mut end = special(self.text.as_bytes(), start);
        if self.text.as_bytes().get(end) == Some(&b'"') {
            self.nodes
                .push(Node::Text(self.text.get(start..end).ok_or(Stop::NotJson)?));
        } else {
            let from = self.written.len();
            end = escape::write(self.text, start, end, &mut self.written).ok_or(Stop::NotJson)?;
            self.nodes.push(Node::Written(from, self.written.len()));
        }
        self.at = end + 1;
        Ok(())
    }

    fn number(&mut self) -> Step {
        let (number, end) = number::read(self.text, self.at).ok_or(Stop::NotJson)?;
        let written = self.text.get(self.at..end).unwrap_or_default();
        let node = match number {
            JsonNumber::Double(double) if may_be_beyond(written) => {
                let is_lost = Decimal::beyond_double(written, double).is_some();
                if is_lost {
                    Node::Digits(written)
                } else {
                    Node::Number(number)
                }
            }
            number => Node::Number(number),
        };
        self.nodes.push(node);
        self.at = end;
        Ok(())
    }

    fn word(&mut self, word: &str, node: Node<'a>) -> Step {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        if !rest.starts_with(word.as_bytes()) {
            return Err(Stop::NotJson);
        }
        self.nodes.push(node);
        self.at += word.len();
        Ok(())
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn eaten(&mut self, byte: u8) -> bool {
        let is = self.peek() == Some(byte);
        self.at += usize::from(is);
        is
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\t' | b'\r')) {
            self.at += 1;
        }
    }
}

const ONES: u64 = u64::from_le_bytes([1; 8]);
const HIGH: u64 = u64::from_le_bytes([0x80; 8]);

/// Where the next quote, backslash or control character stands; the end of the text where there is none.
pub(super) fn special(bytes: &[u8], start: usize) -> usize {
    let rest = bytes.get(start..).unwrap_or_default();
    let (words, tail) = rest.as_chunks::<8>();
    let mut words = words.iter().enumerate();
    // Most names and many texts end soon.
    for (at, word) in words.by_ref().take(3) {
        if let Some(found) = special_of_eight(u64::from_le_bytes(*word)) {
            return start + at * 8 + found;
        }
    }
    let skipped = plain_blocks(rest.get(24..).unwrap_or_default()) / 8;
    for (at, word) in words.skip(skipped) {
        if let Some(found) = special_of_eight(u64::from_le_bytes(*word)) {
            return start + at * 8 + found;
        }
    }
    let special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..=0x1f);
    start + rest.len() - tail.len() + tail.iter().position(special).unwrap_or(tail.len())
}

/// How many bytes at the beginning, in blocks that the compiler compares as a whole, have nothing special among them.
fn plain_blocks(bytes: &[u8]) -> usize {
    let least = |least: u8, byte: &u8| least.min(byte ^ b'"').min(byte ^ b'\\').min(byte & 0xe0);
    let plain = |block: &&[u8; 32]| block.iter().fold(u8::MAX, least) != 0;
    32 * bytes.as_chunks::<32>().0.iter().take_while(plain).count()
}

/// Which of eight bytes is the first of them: one that is zero after the exclusive or borrows from its high bit.
fn special_of_eight(word: u64) -> Option<usize> {
    let zero = |of: u64| of.wrapping_sub(ONES) & !of;
    let quote = zero(word ^ (ONES * u64::from(b'"')));
    let backslash = zero(word ^ (ONES * u64::from(b'\\')));
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    let found = (quote | backslash | control) & HIGH;
    (found != 0).then(|| found.trailing_zeros() as usize / 8)
}

/// Short numbers without an exponent are what doubles hold.
fn may_be_beyond(written: &str) -> bool {
    written.len() > 17 || written.contains(['e', 'E'])
}
