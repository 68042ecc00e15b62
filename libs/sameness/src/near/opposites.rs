//! Words that turn a text round: negations and directions. The list is the file beside this one.

use std::collections::HashMap;
use std::sync::LazyLock;

/// What a word does to the meaning of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    Negation,
    Up,
    Down,
}

static WORDS: LazyLock<HashMap<&str, Turn>> = LazyLock::new(|| list(include_str!("opposites.txt")));
/// Characters that negate in Chinese and Japanese, whose words are not parted.
const NEGATING: [char; 6] = ['不', '没', '未', '無', '无', '非'];

fn list(text: &'static str) -> HashMap<&'static str, Turn> {
    let lines = text.lines().filter_map(|line| {
        let (mark, words) = line.split_once(' ')?;
        let turn = match mark {
            "!" => Turn::Negation,
            "+" => Turn::Up,
            "-" => Turn::Down,
            _ => return None,
        };
        Some(
            words
                .split_whitespace()
                .filter(|word| *word != "|")
                .map(move |word| (word, turn)),
        )
    });
    lines.flatten().collect()
}

/// What a word, in lower case, does.
pub(super) fn turn(word: &str) -> Option<Turn> {
    let listed = WORDS.get(word).copied();
    listed.or_else(|| (!word.is_ascii() && word.contains(NEGATING)).then_some(Turn::Negation))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_several_languages() {
        assert_eq!(turn("rises"), Some(Turn::Up));
        assert_eq!(turn("下跌"), Some(Turn::Down));
        assert_eq!(turn("nicht"), Some(Turn::Negation));
        assert_eq!(turn("不会"), Some(Turn::Negation));
        assert_eq!(turn("bitcoin"), None);
        assert_eq!(turn("|"), None);
    }
}
