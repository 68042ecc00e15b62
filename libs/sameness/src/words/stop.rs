//! Words that say nothing about the subject, by language. The lists are files beside this one.

use std::collections::HashSet;
use std::sync::LazyLock;

static ENGLISH: LazyLock<HashSet<&str>> = LazyLock::new(|| list(include_str!("stop/en.txt")));
static OTHER: LazyLock<HashSet<&str>> = LazyLock::new(|| list(include_str!("stop/other.txt")));

fn list(text: &'static str) -> HashSet<&'static str> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.flat_map(str::split_whitespace).collect()
}

/// True for a word of the English list; `word` is in lower case, without accents.
pub(crate) fn is_english(word: &str) -> bool {
    ENGLISH.contains(word)
}

/// True for a word of the lists of other languages, in a text of one.
pub(crate) fn is_other(word: &str) -> bool {
    OTHER.contains(word)
}
