//! Content words: what is left of a text without function words, links and signs, for any script. No I/O.

use unicode_segmentation::UnicodeSegmentation;

/// English function words and words of every headline, which say nothing about the subject. Sorted.
const STOP_WORDS: &[&str] = &[
    "a", "about", "after", "again", "all", "also", "am", "amid", "an", "and", "any", "are", "as", "at",
    "back", "be", "because", "been", "before", "being", "between", "both", "but", "by", "can", "could",
    "day", "did", "do", "does", "don", "down", "during", "each", "even", "every", "few", "first", "for",
    "from", "get", "gets", "go", "going", "got", "had", "has", "have", "he", "her", "here", "him", "his",
    "how", "i", "if", "in", "into", "is", "it", "its", "just", "last", "like", "live", "ll", "made", "make",
    "makes", "may", "me", "more", "most", "much", "must", "my", "need", "new", "news", "no", "nor", "not",
    "now", "of", "off", "on", "once", "one", "only", "or", "other", "our", "out", "over", "own", "re",
    "report", "reports", "s", "said", "same", "say", "says", "see", "set", "shall", "she", "should", "so",
    "some", "still", "such", "t", "take", "than", "that", "the", "their", "them", "then", "there", "these",
    "they", "this", "those", "three", "through", "time", "to", "today", "too", "top", "two", "under",
    "until", "up", "update", "us", "ve", "very", "via", "video", "want", "was", "watch", "way", "we", "week",
    "were", "what", "when", "where", "which", "while", "who", "why", "will", "with", "would", "year",
    "years", "yes", "yet", "you", "your",
];

/// One word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word<'t> {
    /// As written, without a possessive `'s`.
    pub written: &'t str,
    /// Begins with an upper-case letter.
    pub capitalised: bool,
}

/// True for function words of English; other languages have few capitals and longer words to choose from.
pub fn is_stop_word(lower: &str) -> bool {
    STOP_WORDS.binary_search(&lower).is_ok()
}

/// The words of `text` in order; links, tags with their sign and numbers are left out.
pub fn words(text: &str) -> impl Iterator<Item = Word<'_>> {
    text.split_whitespace()
        .filter(|run| !is_sign(run))
        .flat_map(str::split_word_bounds)
        .filter_map(|piece| {
            if !piece.chars().any(char::is_alphabetic) {
                return None;
            }
            let possessor = piece
                .strip_suffix('s')
                .and_then(|name| name.strip_suffix(is_apostrophe));
            let written = possessor.unwrap_or(piece);
            let capitalised = written.chars().next().is_some_and(char::is_uppercase);
            Some(Word { written, capitalised })
        })
}

/// The apostrophe in its many forms, and what keyboards without one give instead.
pub fn is_apostrophe(c: char) -> bool {
    matches!(
        c,
        '\'' | '\u{2018}'
            | '\u{2019}'
            | '\u{201b}'
            | '\u{2bc}'
            | '\u{2bb}'
            | '\u{2b9}'
            | '\u{b4}'
            | '`'
            | '\u{2032}'
            | '\u{2035}'
            | '\u{ff07}'
            | '\u{55a}'
            | '\u{a78c}'
    )
}

fn is_sign(run: &str) -> bool {
    run.starts_with(['@', '$', '#']) || run.contains("://")
}

/// Ideographs, syllables and letters of scripts that put no blanks between words.
pub fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{3041}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{e01}'..='\u{e5b}'
        | '\u{e80}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{20000}'..='\u{2ffff}')
}
