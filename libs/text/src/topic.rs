//! Topic of a text without a better subject: one of its words, chosen so that copies agree. No I/O.
//!
//! The word with the lowest hash among the candidates is taken: of two texts that share the share `j` of their
//! candidates, about `j` choose the same word, whatever their order and length (the idea of `MinHash`).

use crate::words::{Word, is_stop_word, is_unspaced, words};
use xxhash_rust::xxh3::xxh3_64;

/// Fewest content words that make a story; below it a text is a remark.
const FEWEST_WORDS: usize = 4;
/// Words that are looked at; a headline or a lead has fewer.
const WORDS_LOOKED_AT: usize = 64;
/// Longest topic, in bytes.
const LONGEST_TOPIC: usize = 48;

/// The topic word of `text` in lower case, or `None` when it has fewer than four content words.
///
/// Candidates are the names (capitalised words inside a sentence) when the text sets them apart, else all
/// content words; scripts without blanks give pairs of characters.
pub fn topic(text: &str) -> Option<String> {
    let words: Vec<Word<'_>> = words(text).take(WORDS_LOOKED_AT).collect();
    let content: Vec<(String, &Word<'_>)> = words
        .iter()
        .map(|word| (word.written.to_lowercase(), word))
        .filter(|(lower, _)| is_content(lower))
        .collect();
    if content.len() < FEWEST_WORDS {
        return None;
    }
    let unspaced = content
        .iter()
        .filter(|(lower, _)| lower.starts_with(is_unspaced))
        .count();
    if unspaced * 2 > content.len() {
        return lowest(character_pairs(text).into_iter());
    }
    let names = || content.iter().filter(|(_, word)| word.capitalised && !word.first);
    // Title case capitalises everything, which sets nothing apart.
    let set_apart = (1..=content.len() / 2).contains(&names().count());
    if set_apart {
        return lowest(names().map(|(lower, _)| lower.clone()));
    }
    lowest(content.iter().map(|(lower, _)| lower.clone()))
}

fn is_content(lower: &str) -> bool {
    let letters = lower.chars().take(3).count();
    let long_enough = letters >= 3 || lower.starts_with(is_unspaced);
    long_enough && lower.len() <= LONGEST_TOPIC && !is_stop_word(lower)
}

fn lowest(candidates: impl Iterator<Item = String>) -> Option<String> {
    candidates.min_by_key(|word| (xxh3_64(word.as_bytes()), word.clone()))
}

/// Neighbouring characters of scripts without blanks.
fn character_pairs(text: &str) -> Vec<String> {
    let characters: Vec<char> = text
        .chars()
        .filter(|&c| is_unspaced(c))
        .take(4 * WORDS_LOOKED_AT)
        .collect();
    characters.windows(2).map(|pair| pair.iter().collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn copies_and_reorderings_agree() {
        let text = "the regulator in Brussels fined Binance after a probe into its custody arm";
        let other = "after a probe into the custody arm, regulator fined Binance in Brussels";
        assert!(topic(text).is_some_and(|word| ["brussels", "binance"].contains(&word.as_str())));
        assert_eq!(topic(text), topic(other));
    }

    #[test]
    fn remarks_have_no_topic() {
        for text in [
            "",
            "gm",
            "to the moon",
            "$UNI #DeFi @you https://example.com/a/long/story",
            "1 2 3 4 5",
        ] {
            assert_eq!(topic(text), None, "{text}");
        }
    }

    #[test]
    fn scripts_without_blanks_have_topics() {
        assert_eq!(
            topic("交易所在热钱包遭到攻击后暂停提现").map(|word| word.chars().count()),
            Some(2)
        );
    }

    #[test]
    fn stop_words_are_sorted() {
        assert!(["the", "a", "your", "zebra"].map(is_stop_word) == [true, true, true, false]);
    }

    proptest! {
        #[test]
        fn stable_and_short(text in "\\PC{0,200}") {
            let word = topic(&text);
            prop_assert_eq!(topic(&text), word.clone());
            prop_assert!(word.is_none_or(|word| !word.is_empty() && word.len() <= LONGEST_TOPIC));
        }
    }
}
