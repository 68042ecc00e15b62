//! As much of protobuf's text format as the conformance suite is written in.

/// A message: its fields in order, repeated ones as often as they stand.
#[derive(Debug, Clone, Default)]
pub(crate) struct Message(Vec<(String, Field)>);

/// The value of a field.
#[derive(Debug, Clone)]
pub(crate) enum Field {
    /// A text, its escapes undone.
    Text(String),
    /// A number, `true`, `false` or the name of an enum's value, as written.
    Word(String),
    /// A message.
    Message(Message),
}

impl Message {
    /// Reads a whole file; `None` if it is not in the format.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut reader = Reader { rest: text };
        let message = reader.message()?;
        reader.rest.is_empty().then_some(message)
    }

    /// All messages in the field of this name.
    pub(crate) fn messages<'m>(&'m self, name: &'m str) -> impl Iterator<Item = &'m Message> {
        self.fields(name).filter_map(|field| match field {
            Field::Message(message) => Some(message),
            _ => None,
        })
    }

    /// The text in the field of this name; empty if there is none.
    pub(crate) fn text<'m>(&'m self, name: &'m str) -> &'m str {
        self.fields(name)
            .find_map(|field| match field {
                Field::Text(text) | Field::Word(text) => Some(text.as_str()),
                Field::Message(_) => None,
            })
            .unwrap_or_default()
    }

    /// Whether the field stands there.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.fields(name).next().is_some()
    }

    /// The first field.
    pub(crate) fn first(&self) -> Option<(&str, &Field)> {
        self.0.first().map(|(name, field)| (name.as_str(), field))
    }

    fn fields<'m>(&'m self, name: &'m str) -> impl Iterator<Item = &'m Field> {
        self.0
            .iter()
            .filter(move |(own, _)| own == name)
            .map(|(_, field)| field)
    }
}

struct Reader<'t> {
    rest: &'t str,
}

impl Reader<'_> {
    fn message(&mut self) -> Option<Message> {
        let mut message = Message::default();
        loop {
            self.skip();
            if self.rest.is_empty() || self.rest.starts_with(['}', '>']) {
                return Some(message);
            }
            let name = self.name()?;
            self.skip();
            let colon = self.take(':');
            self.skip();
            if self.take('[') {
                while !self.take(']') {
                    let field = self.field(true)?;
                    message.0.push((name.clone(), field));
                    self.skip();
                    self.take(',');
                    self.skip();
                }
            } else {
                message.0.push((name, self.field(colon)?));
            }
            self.skip();
            let _ = self.take(',') || self.take(';');
        }
    }

    fn field(&mut self, scalar: bool) -> Option<Field> {
        self.skip();
        if self.take('{') || self.take('<') {
            let message = self.message()?;
            return (self.take('}') || self.take('>')).then_some(Field::Message(message));
        }
        if !scalar {
            return None;
        }
        if self.rest.starts_with(['"', '\'']) {
            let mut text = String::new();
            while self.rest.starts_with(['"', '\'']) {
                text.push_str(&self.quoted()?);
                self.skip();
            }
            return Some(Field::Text(text));
        }
        self.word().map(Field::Word)
    }

    fn quoted(&mut self) -> Option<String> {
        let quote = self.rest.chars().next()?;
        let mut bytes = Vec::new();
        let mut chars = self.rest.char_indices().skip(1);
        while let Some((at, next)) = chars.next() {
            if next == quote {
                self.rest = &self.rest[at + 1..];
                return Some(String::from_utf8_lossy(&bytes).into_owned());
            }
            if next != '\\' {
                bytes.extend(next.to_string().bytes());
                continue;
            }
            let (at, escaped) = chars.next()?;
            match escaped {
                'n' => bytes.push(b'\n'),
                't' => bytes.push(b'\t'),
                'r' => bytes.push(b'\r'),
                'a' => bytes.push(7),
                'b' => bytes.push(8),
                'f' => bytes.push(12),
                'v' => bytes.push(11),
                'x' | 'X' => {
                    bytes.push(u8::from_str_radix(self.rest.get(at + 1..at + 3)?, 16).ok()?);
                    chars.nth(1)?;
                }
                'u' | 'U' => {
                    let digits = if escaped == 'u' { 4 } else { 8 };
                    let code = u32::from_str_radix(self.rest.get(at + 1..at + 1 + digits)?, 16).ok()?;
                    bytes.extend(char::from_u32(code)?.to_string().bytes());
                    chars.nth(digits - 1)?;
                }
                '0'..='7' => {
                    let digits = self.rest[at..]
                        .bytes()
                        .take(3)
                        .take_while(|digit| (b'0'..b'8').contains(digit))
                        .count();
                    bytes.push(u8::from_str_radix(&self.rest[at..at + digits], 8).ok()?);
                    for _ in 1..digits {
                        chars.next()?;
                    }
                }
                other => bytes.extend(other.to_string().bytes()),
            }
        }
        None
    }

    fn name(&mut self) -> Option<String> {
        if self.take('[') {
            let end = self.rest.find(']')?;
            let name = self.rest[..end].trim().to_owned();
            self.rest = &self.rest[end + 1..];
            return Some(name);
        }
        self.word()
    }

    fn word(&mut self) -> Option<String> {
        let ends = |next: char| !(next.is_alphanumeric() || matches!(next, '_' | '.' | '-' | '+' | '/'));
        let end = self.rest.find(ends).unwrap_or(self.rest.len());
        let word = self.rest[..end].to_owned();
        self.rest = &self.rest[end..];
        (!word.is_empty()).then_some(word)
    }

    fn take(&mut self, wanted: char) -> bool {
        let rest = self.rest.strip_prefix(wanted);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn skip(&mut self) {
        loop {
            self.rest = self.rest.trim_start();
            if !self.rest.starts_with('#') {
                return;
            }
            self.rest = self.rest.split_once('\n').map_or("", |(_, rest)| rest);
        }
    }
}
