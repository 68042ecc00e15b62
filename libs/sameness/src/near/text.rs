//! A text as it is compared with its copies: hashes of its words, and which of them must not differ.

use super::clean;
use super::opposites::{Turn, turn};
use super::sketch::{self, Bands};
use crate::words;
use serde::{Deserialize, Serialize};
use text::words::is_unspaced;
use unicode_normalization::UnicodeNormalization;
use xxhash_rust::xxh3::xxh3_64;

/// Different words of a text that are compared.
const MOST: usize = 256;

/// One word of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Token {
    /// Of the word in lower case.
    pub(super) hash: u32,
    /// Which of [`NUMBER`] and the others it is.
    pub(super) kind: u8,
}

/// Has a digit.
pub(super) const NUMBER: u8 = 1;
/// Begins with a capital and is no function word.
pub(super) const NAME: u8 = 2;
/// Stands after `$`.
pub(super) const CASHTAG: u8 = 4;
pub(super) const NEGATION: u8 = 8;
pub(super) const UP: u8 = 16;
pub(super) const DOWN: u8 = 32;
/// Has more than two letters.
pub(super) const WORD: u8 = 64;
/// Has at most three letters.
pub(super) const SHORT: u8 = 128;

/// A text as it is compared with its copies; at most 1.4 kB. This is the value that a store keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NearText {
    /// In the order of the hashes, each once.
    pub(super) tokens: Vec<Token>,
    /// The end of the text was cut off.
    pub(super) cut: bool,
    /// Where the index finds it.
    pub(super) bands: Bands,
}

impl NearText {
    /// Reads the first 4 KiB of a text, up to 256 different words.
    pub fn of(text: &str) -> Self {
        let core = clean::core(text);
        let mut tokens = Vec::new();
        let mut features = sketch::Features::default();
        each(&core.text, |word, written, after| {
            if tokens.len() >= 2 * MOST {
                return;
            }
            let hash = xxh3_64(word.as_bytes());
            features.word(hash);
            tokens.push(Token {
                hash: upper(hash),
                kind: kind(word, written, after),
            });
        });
        tokens.sort_unstable();
        tokens.dedup_by(|later, first| {
            let same = later.hash == first.hash;
            first.kind |= if same { later.kind } else { 0 };
            same
        });
        tokens.truncate(MOST);
        tokens.shrink_to_fit();
        Self {
            tokens,
            cut: core.cut,
            bands: features.bands(),
        }
    }

    /// True for a text without words, which is like no other.
    pub fn is_empty(&self) -> bool {
        self.tokens.is_empty()
    }
}

fn upper(hash: u64) -> u32 {
    (hash >> 32) as u32
}

/// Hands each word in lower case to `take`, with its first character as written and the one before it. Scripts without
/// blanks give pairs of characters.
fn each(text: &str, mut take: impl FnMut(&str, char, char)) {
    let mut word = String::new();
    let (mut first, mut before) = (' ', ' ');
    let mut last_unspaced: Option<char> = None;
    let mut rest = text.nfkc().peekable();
    let mut last = ' ';
    while let Some(c) = rest.next() {
        let next = rest.peek().copied().unwrap_or(' ');
        if is_unspaced(c) && c.is_alphanumeric() {
            flush(&mut word, first, before, &mut take);
            if let Some(previous) = last_unspaced.replace(c) {
                take(&String::from_iter([previous, c]), previous, ' ');
            }
        } else if c.is_alphanumeric() || joins(&word, c, next) {
            last_unspaced = None;
            if word.is_empty() {
                (first, before) = (c, last);
            }
            if !matches!(c, ',' | '\'' | '\u{2019}') {
                word.extend(c.to_lowercase());
            }
        } else {
            if !c.is_whitespace() || word.is_empty() {
                last_unspaced = last_unspaced.filter(|_| c.is_whitespace());
            }
            flush(&mut word, first, before, &mut take);
        }
        last = c;
    }
    flush(&mut word, first, before, &mut take);
}

fn flush(word: &mut String, first: char, before: char, take: &mut impl FnMut(&str, char, char)) {
    if !word.is_empty() {
        take(word, first, before);
        word.clear();
    }
}

/// Whether a sign belongs to the word: an apostrophe between letters, a point or comma inside a number, a percent sign
/// after one.
fn joins(word: &str, c: char, next: char) -> bool {
    let digit = word.ends_with(|last: char| last.is_ascii_digit());
    match c {
        '\'' | '\u{2019}' => !word.is_empty() && next.is_alphabetic(),
        ',' | '.' => digit && next.is_ascii_digit(),
        '%' => digit,
        _ => false,
    }
}

fn kind(word: &str, written: char, before: char) -> u8 {
    // A pair of characters of a script without blanks says as much as a word.
    let letters = if word.contains(is_unspaced) {
        usize::MAX
    } else {
        word.chars().count()
    };
    let mut kind = if letters > 2 { WORD } else { 0 };
    kind |= if letters <= 3 { SHORT } else { 0 };
    kind |= if word.contains(|c: char| c.is_numeric()) {
        NUMBER
    } else {
        0
    };
    kind |= match turn(word) {
        Some(Turn::Negation) => NEGATION,
        Some(Turn::Up) => UP,
        Some(Turn::Down) => DOWN,
        None => 0,
    };
    if before == '$' && written.is_alphabetic() {
        kind |= CASHTAG;
    }
    if written.is_uppercase() && !words::is_stop_word(word) {
        kind |= NAME;
    }
    kind
}
