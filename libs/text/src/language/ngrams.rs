//! A model of the letters of 25 languages: which letter follows which three. No I/O, nothing on the heap.
//!
//! `model.bin` is made by `libs/text/train` from the n-gram models of the lingua project (Apache-2.0, Peter M.
//! Stahl), pruned from 10 million n-grams to 200,000. A letter's probability is that of the longest n-gram that
//! ends with it and that the language has; each step to a shorter one costs a factor.

use xxhash_rust::xxh3::xxh3_64;

/// Number of languages in the model.
pub(super) const COUNT: usize = 25;
/// ISO 639-1 codes; the place is the number in the model.
pub(super) const CODES: [&str; COUNT] = [
    "en", "es", "pt", "fr", "it", "de", "nl", "sv", "da", "no", "fi", "pl", "cs", "ro", "hu", "tr", "id",
    "vi", "ca", "tl", "ru", "uk", "bg", "ar", "fa",
];
/// One number a language, indexed as [`CODES`].
pub(super) type Scores = [f32; COUNT];

const MODEL: &[u8] = include_bytes!("model.bin");
const BUCKET_BITS: u32 = 14;
const BUCKETS_AT: usize = 4;
const HASHES_AT: usize = BUCKETS_AT + 4 * ((1 << BUCKET_BITS) + 1);
/// Longest n-gram of the model.
const LONGEST: usize = 4;
/// What each step to a shorter n-gram costs, as a logarithm; the model was pruned with the same.
const BACK_OFF: f32 = -1.5;
/// Log probability of a letter that a language does not have.
const UNSEEN: f32 = -12.0;
/// Letters of a text that are scored: the lead of the right language grows with each, and so does the cost.
const LETTERS_SCORED: usize = 160;
/// How often the lead is looked at, in letters, and the lead from which on no letter changes the verdict: odds of e to
/// this power.
const LOOK_EVERY: usize = 16;
const DECISIVE: f32 = 24.0;

/// The log probability of the words of `text` in each language, and how many letters were scored. The text is in
/// lower case.
pub(super) fn scores(text: &str) -> (Scores, usize) {
    let mut scores = [0.0; COUNT];
    let mut letters = 0;
    // Where each of the last letters of this word begins, the oldest first.
    let mut starts = [0_usize; LONGEST];
    let mut known = 0;
    for (at, letter) in text.char_indices() {
        if !letter.is_alphabetic() {
            known = 0;
            continue;
        }
        starts.rotate_left(1);
        starts[LONGEST - 1] = at;
        known = (known + 1).min(LONGEST);
        let end = at + letter.len_utf8();
        add_letter(&mut scores, text, &starts[LONGEST - known..], end);
        letters += 1;
        if letters == LETTERS_SCORED || letters % LOOK_EVERY == 0 && lead(&scores) > DECISIVE {
            break;
        }
    }
    (scores, letters)
}

/// How far the likeliest language is before the next.
fn lead(scores: &Scores) -> f32 {
    let [mut first, mut second] = [f32::MIN; 2];
    for &score in scores {
        if score > first {
            (first, second) = (score, first);
        } else if score > second {
            second = score;
        }
    }
    first - second
}

/// Adds the probability of the letter that ends at `end`; `starts` are the beginnings of its n-grams.
fn add_letter(scores: &mut Scores, text: &str, starts: &[usize], end: usize) {
    let mut best = [UNSEEN; COUNT];
    let mut left_out = BACK_OFF * starts.len() as f32;
    // The shortest first: a longer n-gram takes the place of a shorter one.
    for &start in starts.iter().rev() {
        left_out -= BACK_OFF;
        for entry in entries(&text[start..end]) {
            best[usize::from(entry[0]) % COUNT] = left_out - f32::from(entry[1]) / 8.0;
        }
    }
    for (score, log) in scores.iter_mut().zip(best) {
        *score += log.max(UNSEEN);
    }
}

/// The languages that have an n-gram, two bytes each: language, negated log probability in eighths.
fn entries(ngram: &str) -> impl Iterator<Item = &'static [u8]> {
    let place = place_of((xxh3_64(ngram.as_bytes()) >> 32) as u32);
    let range = place.map_or(0..0, |place| {
        let (ends_at, entries_at) = (HASHES_AT + 4 * count(), HASHES_AT + 8 * count() + 4);
        let entry = |at: usize| entries_at + 2 * word(ends_at + 4 * at) as usize;
        entry(place)..entry(place + 1)
    });
    MODEL.get(range).unwrap_or_default().chunks_exact(2)
}

/// The place of an n-gram among the hashes, which are spread evenly: a bucket holds a handful.
fn place_of(hash: u32) -> Option<usize> {
    let bucket = BUCKETS_AT + 4 * (hash >> (32 - BUCKET_BITS)) as usize;
    (word(bucket) as usize..word(bucket + 4) as usize).find(|&place| word(HASHES_AT + 4 * place) == hash)
}

fn count() -> usize {
    word(0) as usize
}

/// The little-endian number at a place of the model; 0 beyond its end, which a whole model never asks for.
fn word(at: usize) -> u32 {
    MODEL
        .get(at..at + 4)
        .and_then(|bytes| bytes.try_into().ok())
        .map_or(0, u32::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_is_whole() {
        let entries = word(HASHES_AT + 8 * count()) as usize;
        assert_eq!(MODEL.len(), HASHES_AT + 8 * count() + 4 + 2 * entries);
        assert!(count() > 50_000 && MODEL.len() < 2_000_000);
    }

    #[test]
    fn letters_speak_for_their_language() {
        let best = |text: &str| {
            let (scores, _) = scores(text);
            let index = (0..COUNT).max_by(|&a, &b| scores[a].total_cmp(&scores[b]));
            index.map(|index| CODES[index])
        };
        assert_eq!(best("geschwindigkeit"), Some("de"));
        assert_eq!(best("przedsiębiorstwo"), Some("pl"));
        assert_eq!(best("правительство"), Some("ru"));
    }

    #[test]
    fn the_cost_has_a_bound() {
        assert_eq!(scores(&"ano ".repeat(1_000)).1, LETTERS_SCORED, "many languages");
        assert!(scores(&"geschwindigkeit ".repeat(1_000)).1 < LETTERS_SCORED);
    }
}
