//! Keyphrases: the few words that say what a text is about. No I/O.
//!
//! Runs of content words between function words and punctuation are candidates (RAKE, Rose et al. 2010); names and
//! repetition weigh more. Scripts without blanks give their most frequent longer words.

use crate::segment::segments;
use crate::words::{is_stop_word, is_unspaced};
use std::collections::HashMap;

/// Words of one phrase at most.
const LONGEST_PHRASE: usize = 3;
/// Bytes of a text that are read.
const READ: usize = 4_096;
/// Words of scripts without blanks that say nothing alone.
const UNSPACED_STOP_WORDS: &[&str] = &[
    "一个",
    "一些",
    "与",
    "为",
    "什么",
    "他们",
    "以及",
    "但是",
    "因为",
    "如果",
    "已经",
    "我们",
    "所以",
    "没有",
    "这个",
    "通过",
    "こと",
    "これ",
    "した",
    "して",
    "しました",
    "する",
    "その",
    "それ",
    "ため",
    "です",
    "ます",
    "ました",
    "から",
    "まで",
    "など",
    "การ",
    "ของ",
    "และ",
    "ที่",
    "ใน",
    "ได้",
    "ว่า",
    "เป็น",
    "มี",
    "จาก",
    "ให้",
    "แล้ว",
    "หลัง",
];

/// Up to `most` phrases of `text`, the weightiest first, as written.
///
/// ```
/// let phrases = text::keyphrases("The bridge exploit drained the hot wallet of Acme Exchange. Acme Exchange paused.", 2);
/// assert_eq!(phrases[0], "Acme Exchange");
/// ```
pub fn keyphrases(text: &str, most: usize) -> Vec<String> {
    let text = crate::span::prefix(text, READ);
    let unspaced = text.chars().filter(|c| is_unspaced(*c)).count();
    let mut ranked = if unspaced * 3 > text.chars().count() {
        unspaced_words(text)
    } else {
        phrases(text)
    };
    ranked.sort_by(|a, b| b.weight.total_cmp(&a.weight).then(a.place.cmp(&b.place)));
    ranked
        .into_iter()
        .take(most)
        .map(|phrase| phrase.written)
        .collect()
}

struct Phrase {
    written: String,
    weight: f32,
    place: usize,
}

/// Phrases of content words; a phrase that comes twice counts twice.
fn phrases(text: &str) -> Vec<Phrase> {
    let mut found: HashMap<String, Phrase> = HashMap::new();
    let mut run: Vec<&str> = Vec::new();
    let mut place = 0;
    let runs = text.split_whitespace().filter(|word| !is_sign(word));
    for word in runs {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        if bare.is_empty() || is_stop_word(&bare.to_lowercase()) || !bare.chars().any(char::is_alphabetic) {
            close(&mut run, &mut found, &mut place);
            continue;
        }
        if run.last().is_some_and(|last| is_name(last) && !is_name(bare)) {
            close(&mut run, &mut found, &mut place);
        }
        run.push(bare);
        if run.len() == LONGEST_PHRASE || word.ends_with(['.', ',', ';', ':', '!', '?', ')']) {
            close(&mut run, &mut found, &mut place);
        }
    }
    close(&mut run, &mut found, &mut place);
    found.into_values().collect()
}

fn close(run: &mut Vec<&str>, found: &mut HashMap<String, Phrase>, place: &mut usize) {
    let written = run.join(" ");
    let words = std::mem::take(run);
    let letters = written.chars().count();
    if letters < 3 {
        return;
    }
    *place += 1;
    let names = words.iter().filter(|word| is_name(word)).count();
    let weight = words.len() as f32 + 0.7 * names as f32 + (letters as f32 / 20.0).min(1.0);
    let phrase = found.entry(written.to_lowercase()).or_insert(Phrase {
        written,
        weight: 0.0,
        place: *place,
    });
    phrase.weight += weight;
}

fn unspaced_words(text: &str) -> Vec<Phrase> {
    let mut found: HashMap<&str, Phrase> = HashMap::new();
    for (place, word) in segments(text).into_iter().enumerate() {
        let letters = word.chars().count();
        if letters < 2 || UNSPACED_STOP_WORDS.contains(&word) || !word.chars().any(char::is_alphabetic) {
            continue;
        }
        let phrase = found.entry(word).or_insert(Phrase {
            written: word.to_owned(),
            weight: 0.0,
            place,
        });
        phrase.weight += (letters as f32).min(4.0);
    }
    found.into_values().collect()
}

/// A name goes on with names: `Acme Exchange` ends before `paused`.
fn is_name(word: &str) -> bool {
    word.starts_with(char::is_uppercase)
}

fn is_sign(word: &str) -> bool {
    word.starts_with(['@', '$', '#']) || word.contains("://") || word.starts_with("0x")
}

#[cfg(test)]
mod tests {
    use super::keyphrases;
    use proptest::prelude::*;

    #[test]
    fn other_scripts_have_words() {
        assert!(
            keyphrases("交易所在热钱包遭到攻击后暂停提现，交易所正在调查", 3).contains(&"交易所".to_owned())
        );
        assert!(keyphrases("", 3).is_empty());
        assert!(keyphrases("$UNI https://a.example/b the of", 3).is_empty());
    }

    proptest! {
        #[test]
        fn few_and_the_same_each_time(text in "\\PC{0,200}") {
            let phrases = keyphrases(&text, 5);
            prop_assert!(phrases.len() <= 5);
            prop_assert_eq!(phrases, keyphrases(&text, 5));
        }
    }
}
