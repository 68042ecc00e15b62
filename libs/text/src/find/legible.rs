//! A text as it is searched: without what nobody sees, with digits of every script as ASCII, blanks alike, and keys
//! (`#️⃣`, `5️⃣`) as the pictures they are. Places are told in the text as it was given. No I/O.

use crate::invisible::{KEYCAP, Neighbours, PICTURE, is_invisible, is_key, joins};
use crate::span::Span;
use std::borrow::Cow;
use std::iter::Peekable;
use std::str::CharIndices;
use unicode_normalization::char::is_combining_mark;

/// What a key is read as: a sign that is no letter, digit or mark.
const PICTURED: char = '\u{fffc}';

/// The text that is searched, and where its characters stand in the text that was given.
#[derive(Debug)]
pub(super) struct Legible<'t> {
    pub(super) text: Cow<'t, str>,
    seams: Vec<Seam>,
}

/// A place where the two texts run apart.
#[derive(Debug)]
struct Seam {
    /// In the legible text.
    at: usize,
    /// In the given text: behind the character before, and at the next one.
    end: usize,
    start: usize,
}

impl<'t> Legible<'t> {
    pub(super) fn of(given: &'t str) -> Self {
        if given.is_ascii() && !given.bytes().any(|byte| is_invisible(char::from(byte))) {
            return Self {
                text: Cow::Borrowed(given),
                seams: Vec::new(),
            };
        }
        let mut writer = Writer::default();
        let mut characters = given.char_indices().peekable();
        while let Some((at, c)) = characters.next() {
            writer.read(at, c, &mut characters);
        }
        Self {
            text: Cow::Owned(writer.text),
            seams: writer.seams,
        }
    }

    /// A place of the legible text, in the given one.
    pub(super) fn given(&self, span: Span) -> Span {
        Span {
            start: self.place(span.start, |seam| seam.start),
            end: self.place(span.end, |seam| seam.end),
        }
    }

    fn place(&self, at: usize, here: fn(&Seam) -> usize) -> usize {
        let behind = self.seams.partition_point(|seam| seam.at <= at);
        match behind.checked_sub(1).and_then(|last| self.seams.get(last)) {
            None => at,
            Some(seam) if seam.at == at => here(seam),
            Some(seam) => seam.start + (at - seam.at),
        }
    }
}

#[derive(Default)]
struct Writer {
    text: String,
    seams: Vec<Seam>,
    before: char,
    /// Within a hashtag, whose digits stay as people type them.
    in_hashtag: bool,
}

impl Writer {
    fn read(&mut self, at: usize, c: char, rest: &mut Peekable<CharIndices<'_>>) {
        let end = at + c.len_utf8();
        if is_key(c)
            && let Some(end) = keycap(end, rest)
        {
            self.in_hashtag = false;
            return self.write(PICTURED, at, end, true);
        }
        let beside = Neighbours {
            before: self.before,
            after: rest.peek().map(|(_, next)| *next),
        };
        let is_dropped = c == PICTURE || is_invisible(c) || (joins(c) && !beside.join_letters());
        if is_dropped {
            self.seam(at, end);
            return;
        }
        self.before = c;
        let plain = if self.in_hashtag { c } else { plain(c) };
        self.in_hashtag = c == '#'
            || self.in_hashtag && (c.is_alphanumeric() || c == '_' || joins(c) || is_combining_mark(c));
        self.write(plain, at, end, plain != c);
    }

    fn write(&mut self, c: char, at: usize, end: usize, replaced: bool) {
        if replaced {
            self.seam(at, at);
        }
        self.text.push(c);
        if replaced {
            self.seam(end, end);
        }
    }

    /// From here on the texts stand so.
    fn seam(&mut self, end: usize, start: usize) {
        let at = self.text.len();
        match self.seams.last_mut() {
            Some(last) if last.at == at => last.start = start,
            _ => self.seams.push(Seam { at, end, start }),
        }
    }
}

/// Where the key ends whose digit or sign ends here.
fn keycap(mut end: usize, rest: &mut Peekable<CharIndices<'_>>) -> Option<usize> {
    let mut ahead = rest.clone();
    let mut next = ahead.next()?;
    if next.1 == PICTURE {
        next = ahead.next()?;
    }
    (next.1 == KEYCAP).then(|| {
        while let Some((at, c)) = rest.next_if(|(_, c)| matches!(*c, PICTURE | KEYCAP)) {
            end = at + c.len_utf8();
        }
        end
    })
}

/// The character that means the same in ASCII.
fn plain(c: char) -> char {
    match c {
        '\0'..='\u{9f}' => c,
        '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => ' ',
        '\u{66a}' => '%',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        _ => digit(c)
            .and_then(|digit| char::from_digit(digit, 10))
            .unwrap_or(c),
    }
}

/// The zeros of the scripts that have ten digits of their own; the others follow theirs.
const ZEROS: [u32; 62] = [
    0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0,
    0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50,
    0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0x104a0, 0x10d30, 0x11066, 0x110f0, 0x11136,
    0x111d0, 0x112f0, 0x11450, 0x114d0, 0x11650, 0x116c0, 0x11730, 0x118e0, 0x11950, 0x11c50, 0x11d50,
    0x11da0, 0x16a60, 0x16ac0, 0x16b50, 0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1e140, 0x1e950,
];

fn digit(c: char) -> Option<u32> {
    if !c.is_numeric() {
        return None;
    }
    let zero = ZEROS
        .partition_point(|zero| *zero <= u32::from(c))
        .checked_sub(1)?;
    let digit = u32::from(c) - ZEROS.get(zero)?;
    (digit < 10).then_some(digit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(given: &str) -> String {
        Legible::of(given).text.into_owned()
    }

    #[test]
    fn what_is_read_is_what_is_seen() {
        assert!(ZEROS.is_sorted());
        assert_eq!(of("$U\u{200b}NI \u{202e}x\u{202c}\u{fe0f}"), "$UNI x");
        assert_eq!(of("۱۲۳٬۴۵۶ ٪٥ ५,००,००० １２"), "123٬456 %5 5,00,000 12");
        assert_eq!(of("1\u{202f}234\u{a0}€"), "1 234 €");
        assert_eq!(of("#\u{fe0f}\u{20e3}a 5\u{20e3}b"), "\u{fffc}a \u{fffc}b");
        assert_eq!(
            of("#می\u{200c}خواهم۲"),
            "#می\u{200c}خواهم۲",
            "letters and digits of a tag stay"
        );
        assert_eq!(of("²½Ⅳ"), "²½Ⅳ", "no digits");
    }

    #[test]
    fn places_are_those_of_the_given_text() {
        let given = "a\u{200b}१२\u{fe0f} b";
        let legible = Legible::of(given);
        assert_eq!(legible.text, "a12 b");
        let written = |start, end| &given[legible.given(Span { start, end }).range()];
        assert_eq!((written(0, 1), written(1, 3), written(2, 3)), ("a", "१२", "२"));
        assert_eq!((written(0, 3), written(4, 5)), ("a\u{200b}१२", "b"));
    }

    proptest! {
        #[test]
        fn every_place_is_one_of_the_given_text(given in "(\\PC|[\u{200b}-\u{200f}#5*٣१]|\u{fe0f}|\u{20e3}){0,30}") {
            let legible = Legible::of(&given);
            let mut last = 0;
            for (start, c) in legible.text.char_indices() {
                let span = legible.given(Span { start, end: start + c.len_utf8() });
                prop_assert!(span.start >= last && given.get(span.range()).is_some_and(|part| !part.is_empty()));
                last = span.end;
            }
        }
    }
}
