//! Tags: `$UNI`, `#DeFi`, `@vitalik`. Amounts, numbers and e-mail addresses look alike and are told apart. No I/O.

use crate::invisible::{joins, looks_latin};
use crate::span::Span;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A tag with its name in one case, without its sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// The name: upper case for cashtags, lower case for hashtags and mentions.
    pub name: String,
    /// Where it stands, sign included.
    pub span: Span,
}

/// Longest symbol: exchanges list up to ten letters, tokens a little more.
const LONGEST_SYMBOL: usize = 12;
/// Longest hashtag, in characters.
const LONGEST_HASHTAG: usize = 100;
/// Longest user name of the services that use `@`.
const LONGEST_MENTION: usize = 32;
/// What follows the digits of an amount.
const MAGNITUDES: &[&str] = &[
    "k", "m", "mm", "mn", "mil", "mln", "million", "millions", "b", "bn", "bln", "bil", "billion",
    "billions", "t", "tn", "trn", "trillion", "thousand", "usd", "us", "cad", "aud", "x", "ish", "hr", "yr",
    "mo", "ea", "each", "per", "th", "st", "nd", "rd", "and", "s", "p",
];

/// The cashtag whose `$` stands at `at`.
pub(super) fn cashtag(text: &str, at: usize) -> Option<Tag> {
    if before(text, at)
        .is_some_and(|c| looks_latin(c) || c.is_ascii_digit() || matches!(c, '$' | '_' | '\\' | '='))
    {
        return None;
    }
    let rest = &text[at + 1..];
    let length = rest
        .bytes()
        .take(LONGEST_SYMBOL + 1)
        .take_while(u8::is_ascii_alphanumeric)
        .count();
    let symbol = &rest[..length];
    // What goes on in letters that look Latin is another word than the symbol it looks like.
    if length > LONGEST_SYMBOL || !is_symbol(symbol) || rest[length..].starts_with(continues) {
        return None;
    }
    let length = length + share_class(&rest[length..]);
    Some(Tag {
        name: rest[..length].to_ascii_uppercase(),
        span: Span {
            start: at,
            end: at + 1 + length,
        },
    })
}

/// Letters first, or digits first and more letters than an amount has (`$1INCH`).
fn is_symbol(symbol: &str) -> bool {
    let digits = symbol.bytes().take_while(u8::is_ascii_digit).count();
    let letters = &symbol[digits..];
    if digits == 0 {
        return !symbol.is_empty();
    }
    let only_letters = letters.bytes().all(|b| b.is_ascii_alphabetic());
    only_letters && letters.len() >= 2 && !MAGNITUDES.contains(&letters.to_ascii_lowercase().as_str())
}

/// A letter that looks like these, a mark on the last or an underscore goes on with the word.
fn continues(c: char) -> bool {
    c == '_' || looks_latin(c)
}

/// `.B` of `BRK.B`: one upper-case letter that ends the word.
fn share_class(rest: &str) -> usize {
    let mut characters = rest.chars();
    let dotted = characters.next() == Some('.') && characters.next().is_some_and(|c| c.is_ascii_uppercase());
    let ends = characters
        .next()
        .is_none_or(|c| !c.is_alphanumeric() && !looks_latin(c));
    if dotted && ends { 2 } else { 0 }
}

/// The hashtag whose `#` stands at `at`: letters, digits and marks of any script, at least one letter.
pub(super) fn hashtag(text: &str, at: usize) -> Option<Tag> {
    if before(text, at).is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '#' | '&' | '/')) {
        return None;
    }
    let name = run(&text[at + 1..], LONGEST_HASHTAG)?;
    name.chars().any(char::is_alphabetic).then(|| Tag {
        name: name.to_lowercase().nfc().collect(),
        span: Span {
            start: at,
            end: at + 1 + name.len(),
        },
    })
}

/// The longest run of at most `most` word characters; `None` when empty or longer.
fn run(rest: &str, most: usize) -> Option<&str> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || joins(c) || is_combining_mark(c);
    let end = rest.char_indices().take(most + 1).find(|&(_, c)| !is_word(c));
    let name = match end {
        Some((end, _)) => &rest[..end],
        None if rest.chars().take(most + 1).count() <= most => rest,
        None => return None,
    };
    (!name.is_empty()).then_some(name)
}

/// The mention whose `@` stands at `at`.
pub(super) fn mention(text: &str, at: usize) -> Option<Tag> {
    let glued = |c: char| c.is_alphanumeric() || matches!(c, '@' | '.' | '_' | '-' | '+' | '%' | '/');
    // `.@name` at the beginning of a word shows a reply to everybody.
    let opened = text[..at]
        .strip_suffix('.')
        .is_some_and(|before| !before.ends_with(|c: char| !c.is_whitespace()));
    if !opened && before(text, at).is_some_and(|c| c.is_ascii() && glued(c)) {
        return None;
    }
    let rest = &text[at + 1..];
    let is_name = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
    let length = rest.bytes().take(LONGEST_MENTION + 1).take_while(is_name).count();
    let is_name = rest[..length].bytes().any(|b| b.is_ascii_alphanumeric());
    if length > LONGEST_MENTION || !is_name || rest[length..].starts_with(looks_latin) {
        return None;
    }
    Some(Tag {
        name: rest[..length].to_ascii_lowercase(),
        span: Span {
            start: at,
            end: at + 1 + length,
        },
    })
}

fn before(text: &str, at: usize) -> Option<char> {
    text[..at].chars().next_back()
}
