//! Symbols of a list, written as plain words: `BTC is up`. No I/O.

use super::{Findings, Tag};
use crate::span::Span;
use std::collections::HashSet;
use std::hash::BuildHasher;

/// Symbols that are English words, too: in a text that shouts they are taken for the words.
const WORDS: &[&str] = &[
    "ALL", "ANT", "APE", "BAND", "BAT", "BEAM", "BOND", "CAKE", "COIN", "DASH", "DATA", "FLOW", "FUN", "GAS",
    "GAS", "GRASS", "HIGH", "HOT", "ICE", "JUP", "JOE", "KEY", "LINK", "MASK", "META", "MOVE", "NEAR", "ONE",
    "OP", "PEOPLE", "PORTAL", "PRIME", "RARE", "REQ", "SAFE", "SAND", "SEC", "SPELL", "SUN", "SUPER", "TIME",
    "TON", "TRUMP", "TRUST", "UNI", "USUAL", "WAVES", "WIN",
];

/// The words of `text` that are in `known` (upper case), outside of what was found already.
pub fn tickers<S: BuildHasher>(text: &str, findings: &Findings, known: &HashSet<String, S>) -> Vec<Tag> {
    if known.is_empty() {
        return Vec::new();
    }
    let taken = taken(findings);
    let shouts = shouts(text);
    let mut found = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        match (c.is_ascii_alphanumeric(), start) {
            (true, None) => start = Some(at),
            (false, Some(began)) => {
                start = None;
                let span = Span {
                    start: began,
                    end: at,
                };
                let word = &text[span.range()];
                let meant =
                    known.contains(word) && !(shouts && WORDS.contains(&word)) && stands_alone(text, span);
                if meant && found.len() < super::MOST_OF_A_KIND && !is_within(&taken, span) {
                    found.push(Tag {
                        name: word.to_owned(),
                        span,
                    });
                }
            }
            _ => {}
        }
    }
    found
}

/// Places of links, tags, names and addresses, in order.
fn taken(findings: &Findings) -> Vec<Span> {
    let tags = [
        &findings.cashtags,
        &findings.hashtags,
        &findings.mentions,
        &findings.emails,
        &findings.names,
    ];
    let mut taken: Vec<Span> = tags.into_iter().flatten().map(|tag| tag.span).collect();
    taken.extend(findings.links.iter().map(|link| link.span));
    taken.extend(findings.addresses.iter().map(|address| address.span));
    taken.sort_unstable();
    taken
}

fn is_within(taken: &[Span], span: Span) -> bool {
    let before = taken.partition_point(|other| other.start <= span.start);
    before > 0 && taken[before - 1].end >= span.end
}

/// Not a part of a longer name: letters of another script, an apostrophe or an underscore beside it.
fn stands_alone(text: &str, span: Span) -> bool {
    let joins = |c: char| c == '_' || (c.is_alphabetic() && c < '\u{2e80}');
    !text[..span.start].ends_with(joins) && !text[span.end..].starts_with(joins)
}

/// More than half of at least four words are in capitals.
fn shouts(text: &str) -> bool {
    let words = text
        .split_whitespace()
        .filter(|word| word.len() > 2 && word.bytes().any(|b| b.is_ascii_alphabetic()));
    let (mut all, mut capital) = (0_usize, 0_usize);
    for word in words.take(60) {
        all += 1;
        capital += usize::from(!word.bytes().any(|b| b.is_ascii_lowercase()));
    }
    all >= 4 && capital * 2 > all
}
