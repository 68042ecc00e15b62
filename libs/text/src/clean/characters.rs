//! Characters: invisible ones removed, compatibility forms folded where the meaning stays, white space folded.

use crate::invisible::{Neighbours, PICTURE, is_invisible, joins};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{decompose_compatible, is_combining_mark};

/// Marks kept on one letter. Scripts in daily use stack at most four; more is decoration meant to break layouts.
const MOST_MARKS: u32 = 6;

/// True when [`fold`] would change nothing: printable ASCII with single blanks.
pub(super) fn is_clean(text: &str) -> bool {
    let mut previous = b' ';
    for &byte in text.as_bytes() {
        if !matches!(byte, b' '..=b'~') || (byte == b' ' && previous == b' ') {
            return false;
        }
        previous = byte;
    }
    text.is_empty() || previous != b' '
}

/// Folds the characters of `text`; the result is in NFC.
pub(super) fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut blank = false;
    for c in limit_marks(visible(text)).nfc() {
        if c.is_whitespace() {
            blank = !out.is_empty();
            continue;
        }
        if std::mem::take(&mut blank) {
            out.push(' ');
        }
        out.push(c);
    }
    out
}

/// The visible characters of `text` with compatibility forms replaced.
fn visible(text: &str) -> impl Iterator<Item = char> {
    let mut expanded = Vec::new();
    let mut before = ' ';
    let mut characters = text.chars().peekable();
    std::iter::from_fn(move || {
        loop {
            if let Some(c) = expanded.pop() {
                return Some(c);
            }
            let c = characters.next()?;
            let beside = Neighbours {
                before,
                after: characters.peek().copied(),
            };
            let is_dropped = match c {
                PICTURE => !beside.are_picture(),
                _ if joins(c) => !beside.need_joiner(),
                _ => is_invisible(c),
            };
            if is_dropped {
                continue;
            }
            before = c;
            if has_plain_form(c) {
                decompose_compatible(c, |plain| expanded.push(plain));
                expanded.reverse();
                continue;
            }
            // The blank of Braille has no dots: a blank to everybody who looks.
            return Some(if c.is_control() || c == '\u{2800}' { ' ' } else { c });
        }
    })
}

/// Drops combining marks beyond [`MOST_MARKS`] on one letter.
fn limit_marks(characters: impl Iterator<Item = char>) -> impl Iterator<Item = char> {
    let mut marks = 0;
    characters.filter(move |&c| {
        marks = if is_combining_mark(c) { marks + 1 } else { 0 };
        marks <= MOST_MARKS
    })
}

/// Forms that differ from the plain letter in looks only. Powers, fractions, `™` and `…` mean something and stay.
fn has_plain_form(c: char) -> bool {
    matches!(c,
        '\u{ff01}'..='\u{ffee}' | '\u{1d400}'..='\u{1d7ff}' | '\u{fb00}'..='\u{fb06}' | '\u{fb50}'..='\u{fdfb}'
        | '\u{fe70}'..='\u{fefc}' | '\u{24b6}'..='\u{24e9}' | '\u{1f130}'..='\u{1f149}' | '\u{2100}'..='\u{2121}'
        | '\u{2126}'..='\u{2138}')
}
