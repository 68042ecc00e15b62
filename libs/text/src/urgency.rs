//! Urgency: words that ask to be read at once, in the languages that news comes in. No I/O.

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};
use std::sync::LazyLock;

/// Words in lower case; the same sign (`:`) as in a headline may follow.
const WORDS: &[&str] = &[
    "breaking",
    "just in",
    "urgent",
    "urgently",
    "alert",
    "emergency",
    "immediately",
    "asap",
    "right now",
    "happening now",
    "developing story",
    "act now",
    "last chance",
    "hurry",
    "deadline",
    "critical",
    "warning",
    "flash",
    "do not interact",
    "revoke",
    "stop using",
    "under attack",
    "ongoing exploit",
    // Spanish, Portuguese, French, German, Italian, Turkish, Indonesian, Vietnamese
    "urgente",
    "última hora",
    "alerta",
    "à l'instant",
    "alerte",
    "eilmeldung",
    "dringend",
    "sofort",
    "ultim'ora",
    "son dakika",
    "acil",
    "darurat",
    "segera",
    "khẩn cấp",
    "tin nóng",
    // Russian, Ukrainian, Arabic, Hindi, Thai
    "срочно",
    "молния",
    "немедленно",
    "терміново",
    "عاجل",
    "فوری",
    "तत्काल",
    "ด่วน",
    // Chinese, Japanese, Korean
    "紧急",
    "緊急",
    "突发",
    "突發",
    "快讯",
    "速報",
    "긴급",
    "속보",
];
/// Urgency words of one text that are kept.
const MOST: usize = 8;

static AUTOMATON: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    AhoCorasickBuilder::new()
        .match_kind(MatchKind::LeftmostLongest)
        .build(WORDS)
        .ok()
});

/// The urgency words of `text`, each once, in the order of the text.
///
/// ```
/// assert_eq!(text::urgency::words("BREAKING: bridge under attack"), ["breaking", "under attack"]);
/// assert!(text::urgency::words("a heartbreaking story").is_empty());
/// ```
pub fn words(text: &str) -> Vec<&'static str> {
    let lower = text.to_lowercase();
    let mut found: Vec<&'static str> = Vec::new();
    for place in AUTOMATON.iter().flat_map(|words| words.find_iter(&lower)) {
        let word = WORDS[place.pattern().as_usize()];
        if is_whole(&lower, place.start(), place.end()) && !found.contains(&word) && found.len() < MOST {
            found.push(word);
        }
    }
    found
}

/// Not a part of a longer word, in scripts that have blanks.
fn is_whole(text: &str, start: usize, end: usize) -> bool {
    let joins = |c: Option<char>| {
        c.is_some_and(|c| c.is_alphanumeric() && !crate::words::is_unspaced(c) && !is_hangul(c))
    };
    !joins(text[..start].chars().next_back()) && !joins(text[end..].chars().next())
}

/// Korean puts endings onto a word.
fn is_hangul(c: char) -> bool {
    matches!(c, '\u{ac00}'..='\u{d7a3}')
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn many_languages() {
        for (text, word) in [
            ("Eilmeldung: Börse gehackt", "eilmeldung"),
            ("突发：交易所被攻击", "突发"),
            ("СРОЧНО! Биржа взломана", "срочно"),
            ("속보입니다", "속보"),
        ] {
            assert_eq!(words(text), [word], "{text}");
        }
        assert!(words("alerting rules are code").is_empty());
    }
}
