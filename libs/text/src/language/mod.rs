//! Which language a text is in. No I/O, no state.
//!
//! The script decides for most scripts, and letters that one language alone uses for some; the languages that share
//! the Latin, Cyrillic and Arabic letters are told apart by a model of which letter follows which (`ngrams`).

mod letters;
mod ngrams;
mod operations;
mod script;

use script::{Census, Writing};
use std::ops::Range;

/// A language and how sure the guess is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Language {
    /// ISO 639-1 code, lower case (`en`, `zh`).
    pub code: &'static str,
    /// 0 (a guess) to 1 (certain). Sentences of a supported language usually reach 0.9.
    pub confidence: f32,
}

/// Bytes of a text that are looked at; languages do not change their letters after the first paragraph.
const LOOKED_AT: usize = 1_024;
/// The languages of the model by script, as places in `ngrams::CODES`.
const LATIN: Range<usize> = 0..20;
const CYRILLIC: Range<usize> = 20..23;
const ARABIC: Range<usize> = 23..25;
const ENGLISH: usize = 0;
/// What is known before the first letter, as logarithms: most posts are English, few are in the languages of few
/// speakers, whose words their large neighbours share.
const EXPECTED: [(&str, f32); 10] = [
    ("en", 1.0),
    ("sv", -1.0),
    ("da", -1.0),
    ("no", -1.0),
    ("fi", -1.0),
    ("cs", -1.0),
    ("ro", -1.0),
    ("hu", -1.0),
    ("ca", -2.0),
    ("tl", -1.0),
];
/// Mean log probability of a letter below which a text is hardly in any language of the model.
const STRANGE: f32 = -4.0;

/// Guesses the language of `text`; `None` when it holds no letters besides links, tags and addresses.
///
/// ```
/// assert_eq!(text::language::detect("the price of the token is up").map(|l| l.code), Some("en"));
/// assert_eq!(text::language::detect("$UNI https://example.com 100%"), None);
/// ```
pub fn detect(text: &str) -> Option<Language> {
    let prose = prose(crate::span::prefix(text, LOOKED_AT));
    let census = Census::of(&prose);
    Some(match census.writing()? {
        Writing::Decided(code) => Language {
            code,
            confidence: census.confidence(),
        },
        Writing::Cyrillic => letters::cyrillic(&prose).unwrap_or_else(|| likeliest(&prose, CYRILLIC)),
        Writing::Arabic => letters::arabic(&prose).unwrap_or_else(|| likeliest(&prose, ARABIC)),
        Writing::Latin => likeliest(&prose, LATIN),
    })
}

/// Lower-case words without links, tags, mentions, numbers and names of machines, which say nothing about the language;
/// a letter that is drawn out stands twice.
fn prose(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let words = text.split_whitespace().filter(|word| !is_code(word));
    for word in words {
        out.push(' ');
        let (mut last, mut times) = (' ', 0);
        for letter in word.chars().flat_map(char::to_lowercase) {
            times = if letter == last { times + 1 } else { 1 };
            last = letter;
            if times <= 2 {
                out.push(letter);
            }
        }
    }
    out
}

fn is_code(word: &str) -> bool {
    let first = word.as_bytes().first().copied().unwrap_or(b' ');
    // Where words are not parted by spaces, a number stands amid the text.
    let has_number = word.is_ascii() && word.bytes().any(|byte| byte.is_ascii_digit());
    matches!(first, b'@' | b'$') || has_number || word.contains("://") || word == "RT"
}

/// The likeliest of some languages of the model, and its share of their probability.
fn likeliest(prose: &str, among: Range<usize>) -> Language {
    let (mut scores, letters) = ngrams::scores(prose);
    for (code, expected) in EXPECTED {
        if let Some(index) = ngrams::CODES.iter().position(|known| *known == code) {
            scores[index] += expected;
        }
    }
    if among.contains(&ENGLISH) {
        scores[ENGLISH] += operations::english(prose);
    }
    let (mut best, mut first) = (among.start, f32::MIN);
    for index in among.clone() {
        if scores[index] > first {
            (best, first) = (index, scores[index]);
        }
    }
    let all: f32 = among.map(|index| (scores[index] - first).exp()).sum();
    // Letters of one text depend on each other; few of them say less than their probabilities pretend.
    let certainty = (letters as f32 + 1.0) / (letters as f32 + 5.0);
    let strange = first < STRANGE * letters.max(1) as f32;
    Language {
        code: ngrams::CODES[best],
        confidence: certainty * if strange { 0.5 } else { 1.0 } / all,
    }
}

#[cfg(test)]
mod tests;
