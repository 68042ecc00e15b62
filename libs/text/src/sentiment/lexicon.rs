//! How words, emoticons and emoji feel, from -4 to 4: slang of ours first, then `lexicon.txt`.

use crate::words::is_apostrophe;
use std::collections::HashMap;
use std::sync::LazyLock;

/// Longest word of the lexicon, in bytes.
const LONGEST: usize = 32;

/// Lines `word TAB tenths`; later files are asked only for what the earlier do not have.
const FILES: [&str; 3] = [
    include_str!("slang.txt"),
    include_str!("emoji.txt"),
    include_str!("lexicon.txt"),
];

static FEELINGS: LazyLock<HashMap<&'static str, i8>> = LazyLock::new(|| {
    let mut feelings = HashMap::with_capacity(42_000);
    let lines = FILES.iter().flat_map(|file| file.lines());
    for (word, tenths) in lines.filter_map(|line| line.split_once('\t')) {
        if let Ok(tenths) = tenths.parse() {
            feelings.entry(word).or_insert(tenths);
        }
    }
    feelings
});

/// The feeling of a word in lower case or of an emoticon; `None` for those without.
pub(super) fn feeling(word: &str) -> Option<f32> {
    FEELINGS
        .get(word)
        .filter(|&&tenths| tenths != 0)
        .map(|&tenths| f32::from(tenths) / 10.0)
}

/// Endings and what stands in their place in the word that the lexicon may have.
const ENDINGS: [(&str, &str); 11] = [
    ("iness", "y"),
    ("ness", ""),
    ("ily", "y"),
    ("ly", ""),
    ("ies", "y"),
    ("es", ""),
    ("s", ""),
    ("ing", "e"),
    ("ing", ""),
    ("ed", "e"),
    ("ed", ""),
];
/// What is left of a feeling that was found without the word's ending.
const STEM_SHARE: f32 = 0.8;

/// The feeling of a word, of its stem, or of its parts where it has a hyphen.
pub(super) fn feeling_of_word(word: &str) -> Option<f32> {
    if FEELINGS.contains_key(word) {
        return feeling(word);
    }
    if word.contains('-') {
        let parts = word.split('-').filter_map(feeling);
        return parts.reduce(|sum, part| sum + part);
    }
    let stems = ENDINGS
        .iter()
        .filter_map(|(ending, instead)| Some((word.strip_suffix(ending)?, instead)));
    let mut known = stems
        .filter(|(stem, _)| stem.len() >= 3)
        .map(|(stem, instead)| format!("{stem}{instead}"));
    known
        .find_map(|stem| feeling(&stem))
        .map(|feeling| feeling * STEM_SHARE)
}

/// The feeling of an emoji.
pub(super) fn emoji(c: char) -> Option<f32> {
    feeling(c.encode_utf8(&mut [0; 4]))
}

/// The word in lower case with straight apostrophes and without a possessive; `None` when no lexicon has one so long.
pub(super) fn lower(written: &str) -> Option<String> {
    let written = written.trim_end_matches(|c| is_apostrophe(c) || c == '-');
    let possessor = written
        .strip_suffix('s')
        .and_then(|name| name.strip_suffix(is_apostrophe));
    let bare = possessor.unwrap_or(written);
    (!bare.is_empty() && bare.len() <= LONGEST).then(|| bare.to_lowercase().replace(is_apostrophe, "'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_read() {
        for file in FILES {
            for line in file.lines().filter(|line| !line.starts_with('#')) {
                let tenths = line.split_once('\t').map(|(_, tenths)| tenths.parse::<i8>());
                assert!(matches!(tenths, Some(Ok(-40..=40))), "{line}");
            }
        }
    }

    #[test]
    fn slang_comes_first() {
        assert_eq!(feeling("moon"), Some(1.8));
        assert_eq!(feeling("token"), None);
    }
}
