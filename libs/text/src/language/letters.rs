//! Letters that few languages use tell neighbours apart.

use super::Language;
use super::function_words::{Votes, index_of};

/// Letters of Latin script and the languages they speak for.
const LATIN: [(&str, &[&str]); 13] = [
    ("ąęłżźćńś", &["pl"]),
    ("ğış", &["tr"]),
    ("řůěťď", &["cs"]),
    ("őű", &["hu"]),
    ("ășțţ", &["ro"]),
    ("ñ¿¡", &["es"]),
    ("ãõ", &["pt"]),
    ("ß", &["de"]),
    ("øæ", &["da", "no"]),
    ("å", &["sv", "da", "no"]),
    ("äö", &["de", "sv", "fi"]),
    ("œèùêû", &["fr"]),
    ("đơư", &["vi"]),
];

/// Adds a vote for every telling letter, at most three a group, so that one foreign name does not decide.
pub(super) fn latin(prose: &str, votes: &mut Votes) {
    if prose.is_ascii() {
        return;
    }
    let mut seen = [0_u8; LATIN.len()];
    let mut toned = 0_u8;
    for letter in prose.chars().filter(|c| !c.is_ascii()) {
        if ('\u{1ea0}'..='\u{1ef9}').contains(&letter) {
            toned = toned.saturating_add(1);
        }
        for (count, (letters, _)) in seen.iter_mut().zip(LATIN) {
            *count = count.saturating_add(u8::from(letters.contains(letter)));
        }
    }
    for (count, (_, codes)) in seen.into_iter().zip(LATIN) {
        for code in codes {
            vote(votes, code, count.min(3));
        }
    }
    vote(votes, "vi", toned.min(4));
}

fn vote(votes: &mut Votes, code: &str, count: u8) {
    if let Some(index) = index_of(code) {
        votes[index] += f32::from(count) * 0.5;
    }
}

/// Cyrillic: the letters that Russian does not have, and those that only Russian has.
pub(super) fn cyrillic(prose: &str) -> Language {
    let count = |letters: &str| prose.chars().filter(|&c| letters.contains(c)).count();
    let total = prose.chars().filter(|c| c.is_alphabetic()).count().max(1);
    let (serbian, macedonian) = (count("ђјљњћџ"), count("ѓќѕ"));
    let code = if count("әғқңөұүһ") > 0 {
        "kk"
    } else if count("ў") > 0 {
        "be"
    } else if count("їєґ") > 0 || (count("і") > 0 && count("ыэъё") == 0) {
        "uk"
    } else if macedonian > 0 {
        "mk"
    } else if serbian > 0 {
        "sr"
    } else if count("ыэё") == 0 && count("ъ") * 100 > total {
        "bg"
    } else {
        "ru"
    };
    Language {
        code,
        confidence: if total > 20 { 0.95 } else { 0.75 },
    }
}

/// Arabic script: Persian and Urdu have letters of their own.
pub(super) fn arabic(prose: &str) -> Language {
    let count = |letters: &str| prose.chars().filter(|&c| letters.contains(c)).count();
    let total = prose.chars().filter(|c| c.is_alphabetic()).count().max(1);
    let (urdu, persian, arabic) = (count("ٹڈڑںےھہ"), count("پچژگیک"), count("ةىيكأإ"));
    let code = if urdu * 100 > total * 2 {
        "ur"
    } else if persian > arabic {
        "fa"
    } else {
        "ar"
    };
    Language {
        code,
        confidence: if total > 20 { 0.95 } else { 0.7 },
    }
}
