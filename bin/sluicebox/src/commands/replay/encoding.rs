//! The encoding of a file: byte order marks, bytes that are plainly UTF-16 or UTF-32, and decoding where one is named.

use crate::failure::Failure;
use encoding_rs::{Decoder, DecoderResult, Encoding};
use std::io::{BufRead, BufReader, Error, ErrorKind, Read};

/// Bytes that are decoded at once.
const CHUNK: usize = 64 * 1024;
/// What to do about another encoding than UTF-8.
const REMEDY: &str = "save it as UTF-8, or name its encoding with --encoding";

/// Reads the name of an encoding, as the web's standard has it.
pub(crate) fn named(label: &str) -> Result<&'static Encoding, String> {
    Encoding::for_label(label.trim().as_bytes())
        .ok_or_else(|| format!("{label:?} is no encoding; try utf-8, utf-16le, windows-1252 or shift_jis"))
}

/// The text of a file as UTF-8, without a byte order mark. Without a name it must be UTF-8.
pub(crate) fn utf8(
    mut reader: Box<dyn BufRead>,
    encoding: Option<&'static Encoding>,
) -> Result<Box<dyn BufRead>, Failure> {
    let start = start(&mut reader).map_err(|error| super::reading::unreadable(&error))?;
    if is_utf32(&start) {
        let message = "the file is UTF-32, which nothing but conversion helps; save it as UTF-8";
        return Err(Failure::File(message.to_owned()));
    }
    match encoding {
        Some(encoding) if encoding != encoding_rs::UTF_8 => {
            let decoded = Decoded::new(reader, start, encoding);
            return Ok(Box::new(BufReader::with_capacity(CHUNK, decoded)));
        }
        _ => {}
    }
    let marked = start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]);
    if marked || is_utf16(&start) {
        let order = if start.starts_with(&[0xff]) || start.get(1) == Some(&0) {
            "utf-16le"
        } else {
            "utf-16be"
        };
        let marked = if marked {
            "its byte order mark says"
        } else {
            "every other byte is zero"
        };
        return Err(Failure::File(format!(
            "the file is UTF-16, {marked}; {REMEDY} {order}"
        )));
    }
    let content = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&start).to_vec();
    Ok(Box::new(BufReader::with_capacity(
        CHUNK,
        std::io::Cursor::new(content).chain(reader),
    )))
}

/// Why bytes at this place are no text, and what to do.
pub(crate) fn not_utf8(at: usize) -> String {
    format!("not UTF-8 at byte {at}; {REMEDY}, such as windows-1252")
}

/// The first four bytes, or fewer.
fn start(reader: &mut dyn BufRead) -> std::io::Result<Vec<u8>> {
    let mut start = Vec::new();
    reader.take(4).read_to_end(&mut start)?;
    Ok(start)
}

/// ASCII in units of two bytes.
fn is_utf16(start: &[u8]) -> bool {
    matches!(start, [1..=255, 0, 1..=255, 0] | [0, 1..=255, 0, 1..=255])
}

/// ASCII in units of four bytes, or its mark.
fn is_utf32(start: &[u8]) -> bool {
    matches!(
        start,
        [1..=255, 0, 0, 0] | [0, 0, 0, 1..=255] | [0xff, 0xfe, 0, 0] | [0, 0, 0xfe, 0xff]
    )
}

/// A reader of another encoding as UTF-8. Bytes that the encoding does not have end the reading.
struct Decoded {
    reader: Box<dyn BufRead>,
    decoder: Decoder,
    name: &'static str,
    /// What was looked at before, and is read first.
    start: Vec<u8>,
    read: u64,
    ready: Vec<u8>,
    taken: usize,
    ended: bool,
}

impl Decoded {
    fn new(reader: Box<dyn BufRead>, start: Vec<u8>, encoding: &'static Encoding) -> Self {
        Self {
            reader,
            decoder: encoding.new_decoder(),
            name: encoding.name(),
            start,
            read: 0,
            ready: Vec::new(),
            taken: 0,
            ended: false,
        }
    }

    fn fill(&mut self) -> std::io::Result<()> {
        let mut bytes = std::mem::take(&mut self.start);
        if bytes.is_empty() {
            bytes = self.reader.fill_buf()?.to_vec();
            self.reader.consume(bytes.len());
        }
        self.ended = bytes.is_empty();
        self.ready.resize(
            self.decoder.max_utf8_buffer_length(bytes.len()).unwrap_or(CHUNK),
            0,
        );
        let (result, read, written) =
            self.decoder
                .decode_to_utf8_without_replacement(&bytes, &mut self.ready, self.ended);
        self.read += read as u64;
        self.ready.truncate(written);
        self.taken = 0;
        if let DecoderResult::Malformed(..) = result {
            let message = format!("byte {} is not {}; name another encoding", self.read, self.name);
            return Err(Error::new(ErrorKind::InvalidData, message));
        }
        Ok(())
    }
}

impl Read for Decoded {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        while self.taken == self.ready.len() && !self.ended {
            self.fill()?;
        }
        let left = &self.ready[self.taken..];
        let count = left.len().min(into.len());
        into[..count].copy_from_slice(&left[..count]);
        self.taken += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(bytes: &[u8], label: Option<&str>) -> Result<String, String> {
        let encoding = label.map(|label| named(label).unwrap());
        let mut reader = utf8(Box::new(std::io::Cursor::new(bytes.to_vec())), encoding)
            .map_err(|failure| failure.to_string())?;
        let mut text = String::new();
        reader
            .read_to_string(&mut text)
            .map_err(|error| error.to_string())?;
        Ok(text)
    }

    fn utf16(text: &str, big: bool) -> Vec<u8> {
        let units = text.encode_utf16();
        units
            .flat_map(|unit| {
                if big {
                    unit.to_be_bytes()
                } else {
                    unit.to_le_bytes()
                }
            })
            .collect()
    }

    #[test]
    fn a_mark_is_no_content() {
        assert_eq!(of(b"\xef\xbb\xbfid", None), Ok("id".to_owned()));
        assert_eq!(of(b"i", None), Ok("i".to_owned()));
        assert_eq!(
            of(&utf16("\u{feff}id,é", false), Some("utf-16")),
            Ok("id,é".to_owned())
        );
        assert_eq!(
            of(&utf16("\u{feff}id,é", true), Some("utf-16be")),
            Ok("id,é".to_owned())
        );
        assert_eq!(
            of(b"caf\xe9 \x93x\x94", Some("windows-1252")),
            Ok("café “x”".to_owned())
        );
    }

    #[test]
    fn another_encoding_is_named() {
        for (bytes, name) in [
            (utf16("\u{feff}id", false), "UTF-16"),
            (utf16("\u{feff}id", true), "UTF-16"),
            (utf16("id,text", false), "utf-16le"),
            (utf16("id,text", true), "utf-16be"),
            (b"\xff\xfe\0\0i\0\0\0".to_vec(), "UTF-32"),
            (b"i\0\0\0d\0\0\0".to_vec(), "UTF-32"),
        ] {
            let told = of(&bytes, None).unwrap_err();
            assert!(told.contains(name) && told.contains("UTF-8"), "{told}");
        }
        assert!(named("utf-99").is_err());
        assert!(
            of(&utf16("a\u{d7ff}", true)[..3], Some("utf-16be"))
                .unwrap_err()
                .contains("UTF-16")
        );
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), label in "(utf-8|utf-16le|windows-1252|shift_jis|gb18030)") {
            let _ = (of(&bytes, None), of(&bytes, Some(&label)));
        }

        #[test]
        fn text_is_what_it_was(text in "\\PC{0,200}", big: bool) {
            let label = if big { "utf-16be" } else { "utf-16le" };
            prop_assume!(!text.starts_with('\u{feff}'));
            prop_assert_eq!(of(&utf16(&text, big), Some(label)), Ok(text));
        }
    }
}
