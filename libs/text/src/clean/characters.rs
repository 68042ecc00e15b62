//! Characters: invisible ones removed, compatibility forms folded where the meaning stays, white space folded.

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
            if joins(c) {
                if needs_joiner(before) && characters.peek().is_some_and(|&next| needs_joiner(next)) {
                    before = c;
                    return Some(c);
                }
                continue;
            }
            if is_invisible(c) {
                continue;
            }
            before = c;
            if has_plain_form(c) {
                decompose_compatible(c, |plain| expanded.push(plain));
                expanded.reverse();
                continue;
            }
            return Some(if c.is_control() { ' ' } else { c });
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

/// Zero-width non-joiner and joiner, which some scripts and emoji need.
fn joins(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}

/// Scripts whose letters change with a joiner (Arabic to Malayalam), emoji and their selectors.
fn needs_joiner(c: char) -> bool {
    matches!(c, '\u{600}'..='\u{dff}' | '\u{2190}'..='\u{2bff}' | '\u{fe0f}' | '\u{1f000}'..='\u{1faff}')
}

/// Characters without width or with an effect on direction only, and those that are never characters.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\0' | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0e}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
        | '\u{fdd0}'..='\u{fdef}' | '\u{e0000}'..='\u{e0fff}')
        || u32::from(c) & 0xfffe == 0xfffe
        || (c.is_control() && !c.is_whitespace() && c < '\u{a0}')
}

/// Forms that differ from the plain letter in looks only. Powers, fractions, `™` and `…` mean something and stay.
fn has_plain_form(c: char) -> bool {
    matches!(c,
        '\u{ff01}'..='\u{ffee}' | '\u{1d400}'..='\u{1d7ff}' | '\u{fb00}'..='\u{fb06}' | '\u{fb50}'..='\u{fdfb}'
        | '\u{fe70}'..='\u{fefc}' | '\u{24b6}'..='\u{24e9}' | '\u{1f130}'..='\u{1f149}' | '\u{2100}'..='\u{2121}'
        | '\u{2126}'..='\u{2138}')
}
