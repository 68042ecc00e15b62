//! Which language a text is in. No I/O, no state; tables are built once and are below 100 KiB.
//!
//! Three opinions, from the cheapest to the dearest: the script and letters that few languages use, function
//! words together with a linear n-gram model (`whichlang`), and, only when those leave a doubt, trigram profiles
//! (`whatlang`) over the beginning of the text. Alone the last takes about 60 µs a sentence.

mod function_words;
mod letters;
mod script;

use script::{Census, Writing};

/// A language and how sure the guess is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Language {
    /// ISO 639-1 code, lower case (`en`, `zh`).
    pub code: &'static str,
    /// 0 (a guess) to 1 (certain). Sentences of a supported language usually reach 0.8.
    pub confidence: f32,
}

/// Bytes of a text that are looked at; languages do not change their letters after the first paragraph.
const LOOKED_AT: usize = 1_024;
/// Bytes given to the trigram model, whose cost grows with them.
const TRIGRAMS_LOOK_AT: usize = 240;

/// Guesses the language of `text`; `None` when it holds no letters besides links, tags and addresses.
///
/// ```
/// assert_eq!(text::language::detect("the price of the token is up").map(|l| l.code), Some("en"));
/// assert_eq!(text::language::detect("$UNI https://example.com 100%"), None);
/// ```
pub fn detect(text: &str) -> Option<Language> {
    let prose = prose(crate::span::prefix(text, LOOKED_AT));
    let census = Census::of(&prose);
    match census.writing()? {
        Writing::Decided(code) => Some(Language {
            code,
            confidence: census.confidence(),
        }),
        Writing::Cyrillic => Some(letters::cyrillic(&prose)),
        Writing::Arabic => Some(letters::arabic(&prose)),
        Writing::Latin => Some(latin(&prose)),
    }
}

/// Lower-case words without links, tags, mentions and chain addresses, which say nothing about the language.
fn prose(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let words = text.split_whitespace().filter(|word| !is_code(word));
    for word in words {
        out.push(' ');
        out.extend(word.chars().flat_map(char::to_lowercase));
    }
    out
}

fn is_code(word: &str) -> bool {
    let first = word.as_bytes().first().copied().unwrap_or(b' ');
    matches!(first, b'@' | b'$') || word.contains("://") || word.starts_with("0x") || word == "RT"
}

fn latin(prose: &str) -> Language {
    let mut votes = function_words::votes(prose);
    letters::latin(prose, &mut votes);
    if let Some(index) = linear_model(prose) {
        votes[index] += 1.6;
    }
    let (best, lead) = leader(&votes);
    if lead >= 1.1 {
        let confidence = (0.55 + 0.15 * lead).min(0.99);
        return Language {
            code: function_words::CODES[best],
            confidence,
        };
    }
    trigrams(prose, &mut votes)
}

/// The linear model's vote as an index into the Latin languages.
fn linear_model(prose: &str) -> Option<usize> {
    use whichlang::Lang;
    let code = match whichlang::detect_language(prose) {
        Lang::Eng => "en",
        Lang::Spa => "es",
        Lang::Por => "pt",
        Lang::Fra => "fr",
        Lang::Ita => "it",
        Lang::Deu => "de",
        Lang::Nld => "nl",
        Lang::Swe => "sv",
        Lang::Tur => "tr",
        Lang::Vie => "vi",
        _ => return None,
    };
    function_words::index_of(code)
}

/// Settles a doubt with trigram profiles, whose answer counts as one more vote.
fn trigrams(prose: &str, votes: &mut function_words::Votes) -> Language {
    let guess = whatlang::detect(crate::span::prefix(prose, TRIGRAMS_LOOK_AT));
    let known = guess
        .as_ref()
        .and_then(|info| Some((index_of_three(info.lang())?, info.confidence())));
    match known {
        Some((index, confidence)) => {
            #[expect(clippy::cast_possible_truncation, reason = "0 to 1")]
            let weight = 0.9 + confidence as f32;
            votes[index] += weight;
        }
        None => {
            if let Some(info) = guess.filter(whatlang::Info::is_reliable)
                && let Some(code) = script::two_letters(info.lang())
            {
                return Language {
                    code,
                    confidence: 0.6,
                };
            }
        }
    }
    let (best, lead) = leader(votes);
    Language {
        code: function_words::CODES[best],
        confidence: (0.3 + 0.2 * lead).min(0.8),
    }
}

fn index_of_three(lang: whatlang::Lang) -> Option<usize> {
    function_words::index_of(script::two_letters(lang)?)
}

/// The language with most votes and its lead over the second.
fn leader(votes: &function_words::Votes) -> (usize, f32) {
    let (mut best, mut first, mut second) = (0, f32::MIN, f32::MIN);
    for (index, &vote) in votes.iter().enumerate() {
        if vote > first {
            (best, second, first) = (index, first, vote);
        } else if vote > second {
            second = vote;
        }
    }
    (best, first - second)
}

#[cfg(test)]
mod tests;
