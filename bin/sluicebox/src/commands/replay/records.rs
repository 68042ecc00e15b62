//! Records of CSV, each with the line of the file on which it begins. A record has a bound, so that a quote that never
//! ends costs no memory.
//!
//! Why no library: `csv` counts lines from the end of the record before, so that blank lines and CRLF shift them, and
//! has no bound. A test holds the fields to those of `csv`.

use super::lines::MOST;
use std::io::BufRead;

/// What came next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// A record, which begins on this line.
    Record(u64),
    /// A record that is too long; its beginning is kept, the rest was skipped.
    TooLong(u64),
    /// A quote of this line that does not end within the bound or the file.
    Unclosed(u64),
    /// Nothing.
    End,
}

/// Where in a field the next byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Start,
    Plain,
    Quoted,
    /// Behind a quote within quotes: the field's end, or the first of two.
    Quote,
}

/// Reads records one by one.
pub(crate) struct Records<R> {
    reader: R,
    delimiter: u8,
    most: usize,
    /// The line that is read, from 1.
    line: u64,
    /// A line ended with a carriage return; a line feed belongs to it.
    returned: bool,
    /// The record as it stands in the file, and its fields.
    raw: Vec<u8>,
    fields: Vec<u8>,
    ends: Vec<usize>,
}

impl<R: BufRead> Records<R> {
    pub(crate) fn new(reader: R, delimiter: u8) -> Self {
        Self {
            reader,
            delimiter,
            most: MOST,
            line: 1,
            returned: false,
            raw: Vec::new(),
            fields: Vec::new(),
            ends: Vec::new(),
        }
    }

    pub(crate) fn set_delimiter(&mut self, delimiter: u8) {
        self.delimiter = delimiter;
    }

    /// The record as it stands in the file.
    pub(crate) fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// Its fields, without quotes.
    pub(crate) fn fields(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        (0..self.ends.len()).map(|at| {
            let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
            &self.fields[start..self.ends[at]]
        })
    }

    /// Reads the next record; blank lines are none.
    pub(crate) fn next(&mut self) -> std::io::Result<Next> {
        self.clear();
        let (mut place, mut began, mut quoted_at) = (Place::Start, self.line, self.line);
        loop {
            let buffer = self.reader.fill_buf()?;
            let Some(&byte) = buffer.first() else {
                return Ok(self.ended(place, began, quoted_at));
            };
            // A run of bytes that mean nothing but themselves is taken at once.
            let run =
                plain_run(buffer, place, self.delimiter).min(self.most + 1 - self.raw.len().min(self.most));
            if run > 0 {
                self.raw.extend_from_slice(&buffer[..run]);
                self.fields.extend_from_slice(&buffer[..run]);
                self.reader.consume(run);
                self.returned = false;
                place = if place == Place::Quoted {
                    place
                } else {
                    Place::Plain
                };
            } else {
                self.reader.consume(1);
                let is_second = std::mem::take(&mut self.returned) && byte == b'\n';
                self.line += u64::from(byte == b'\r' || byte == b'\n' && !is_second);
                self.returned = byte == b'\r';
                let in_quotes = place == Place::Quoted;
                if !in_quotes && (byte == b'\n' || byte == b'\r') {
                    if self.raw.is_empty() {
                        began = self.line;
                        continue;
                    }
                    self.end_field();
                    return Ok(Next::Record(began));
                }
                if place == Place::Start && byte == b'"' {
                    quoted_at = self.line;
                }
                self.raw.push(byte);
                place = self.step(place, byte);
            }
            if self.raw.len() > self.most {
                return self.give_up(place, began, quoted_at);
            }
        }
    }

    fn clear(&mut self) {
        self.raw.clear();
        self.fields.clear();
        self.ends.clear();
    }

    /// One byte that ends no record.
    fn step(&mut self, place: Place, byte: u8) -> Place {
        match (place, byte) {
            (Place::Start, b'"') => Place::Quoted,
            (Place::Quoted, b'"') => Place::Quote,
            (Place::Quote, b'"') => {
                self.fields.push(byte);
                Place::Quoted
            }
            (Place::Quoted, _) => {
                self.fields.push(byte);
                place
            }
            (_, byte) if byte == self.delimiter => {
                self.end_field();
                Place::Start
            }
            _ => {
                self.fields.push(byte);
                Place::Plain
            }
        }
    }

    fn end_field(&mut self) {
        self.ends.push(self.fields.len());
    }

    fn ended(&mut self, place: Place, began: u64, quoted_at: u64) -> Next {
        match place {
            Place::Quoted => Next::Unclosed(quoted_at),
            _ if self.raw.is_empty() => Next::End,
            _ => {
                self.end_field();
                Next::Record(began)
            }
        }
    }

    fn give_up(&mut self, place: Place, began: u64, quoted_at: u64) -> std::io::Result<Next> {
        if place == Place::Quoted {
            return Ok(Next::Unclosed(quoted_at));
        }
        super::lines::skip_line(&mut self.reader)?;
        self.line += 1;
        Ok(Next::TooLong(began))
    }
}

/// How many bytes from here mean nothing but themselves.
fn plain_run(buffer: &[u8], place: Place, delimiter: u8) -> usize {
    let is_special = |byte: &u8| match place {
        Place::Quoted => matches!(*byte, b'"' | b'\n' | b'\r'),
        Place::Plain => *byte == delimiter || matches!(*byte, b'\n' | b'\r'),
        Place::Start => *byte == delimiter || matches!(*byte, b'"' | b'\n' | b'\r'),
        Place::Quote => true,
    };
    let run = buffer.iter().position(is_special).unwrap_or(buffer.len());
    // The first byte of a field decides how the others are read.
    if place == Place::Start { run.min(1) } else { run }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Lined = (u64, Vec<Vec<u8>>);

    fn all(bytes: &[u8], most: usize) -> (Vec<Lined>, Next) {
        let mut records = Records::new(bytes, b',');
        records.most = most;
        let mut read = Vec::new();
        loop {
            match records.next().unwrap() {
                Next::Record(line) => read.push((line, records.fields().map(<[u8]>::to_vec).collect())),
                other => return (read, other),
            }
        }
    }

    #[test]
    fn lines_are_those_of_the_file() {
        let file = b"id,text\r\n1,\"two\r\nlines, \"\"quoted\"\"\"\r\n2,x\r\n\r\n\r\n3,y\r\n\n4,z\r5,w";
        let (read, end) = all(file, 1_000);
        assert_eq!(end, Next::End);
        let lines: Vec<u64> = read.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [1, 2, 4, 7, 9, 10]);
        assert_eq!(read[1].1[1], b"two\r\nlines, \"quoted\"");
    }

    #[test]
    fn a_quote_that_never_ends_has_a_line_and_a_bound() {
        assert_eq!(all(b"a,b\n1,x\n2,\"never\n3,y\n", 1_000).1, Next::Unclosed(3));
        let endless = [&b"a\n\"\n"[..], &b"x\n".repeat(10_000)].concat();
        assert_eq!(all(&endless, 100).1, Next::Unclosed(2));
        assert_eq!(all(&[b'x'; 1_000], 100).1, Next::TooLong(1));
    }

    proptest! {
        #[test]
        fn fields_are_those_of_csv(text in "([a,\"\n]|\r\n|\r|é){0,60}") {
            let (read, end) = all(text.as_bytes(), 10_000);
            prop_assume!(end == Next::End);
            let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
            let wanted: Vec<Vec<Vec<u8>>> = reader
                .byte_records()
                .map(|record| record.unwrap().iter().map(<[u8]>::to_vec).collect())
                .collect();
            let read: Vec<_> = read.into_iter().map(|(_, fields)| fields).collect();
            prop_assert_eq!(read, wanted);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), most in 1_usize..50) {
            all(&bytes, most);
        }
    }
}
