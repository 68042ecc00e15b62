//! How frequent a word is in general language: its place in a vocabulary that is ordered by frequency.
//!
//! `ranks.bin` is made by `libs/sameness/train` and read in place. Weights never come from how often this stream has
//! a word now: a big story would erase its own words.

use super::Weight;
use xxhash_rust::xxh3::xxh3_64;

const FILE: &[u8] = include_bytes!("ranks.bin");
const SLOTS_AT: usize = 8;
/// What a rank is counted from: before it are special tokens and single characters.
const RANKED_FROM: usize = 1_990;
/// The rank of a word that the vocabulary does not have: somewhat rarer than its last.
const ABSENT: f32 = 35_000.0;

/// The place of a word or of a piece (`##ing`) in the vocabulary.
pub(crate) fn place(word: &str) -> Option<usize> {
    let slots = number(4);
    let mut slot = first_slot(word, slots);
    for _ in 0..slots {
        let held = usize::from(half(SLOTS_AT + 2 * slot)).checked_sub(1)?;
        if bytes(held, slots) == word.as_bytes() {
            return Some(held);
        }
        slot = (slot + 1) % slots;
    }
    None
}

#[expect(clippy::cast_possible_truncation, reason = "the lower bits are what counts")]
fn first_slot(word: &str, slots: usize) -> usize {
    xxh3_64(word.as_bytes()) as usize % slots.max(1)
}

/// The weight of a word of English by its place: the logarithm of its rank.
pub(crate) fn weight(place: Option<usize>) -> Weight {
    let rank = place.map_or(ABSENT, |place| place.saturating_sub(RANKED_FROM).max(2) as f32);
    Weight::of(rank.ln())
}

/// The bytes of the word at a place.
fn bytes(place: usize, slots: usize) -> &'static [u8] {
    let begins = SLOTS_AT + 2 * slots;
    let words = begins + 4 * (number(0) + 1);
    let [begin, end] = [place, place + 1].map(|place| words + number(begins + 4 * place));
    FILE.get(begin..end).unwrap_or_default()
}

/// The little-endian number at a place of the file; 0 beyond its end, which a whole file never asks for.
fn number(at: usize) -> usize {
    let four = FILE.get(at..at + 4).and_then(|four| four.try_into().ok());
    four.map_or(0, |four| u32::from_le_bytes(four) as usize)
}

fn half(at: usize) -> u16 {
    let two = FILE.get(at..at + 2).and_then(|two| two.try_into().ok());
    two.map_or(0, u16::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_whole() {
        let (words, slots) = (number(0), number(4));
        assert_eq!(words, 30_522);
        let begins = SLOTS_AT + 2 * slots;
        assert_eq!(FILE.len(), begins + 4 * (words + 1) + number(begins + 4 * words));
        assert!((0..words).all(|at| {
            let word = std::str::from_utf8(bytes(at, slots)).unwrap();
            place(word) == Some(at)
        }));
    }

    #[test]
    fn rare_words_weigh_more() {
        let of = |word: &str| weight(place(word));
        assert!(of("people") < of("chevy") && of("chevy") < of("zorblax"));
        assert_eq!(place("zorblax"), None);
        assert_eq!(place(""), None);
    }
}
