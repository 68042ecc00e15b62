//! Makes `libs/text/src/language/model.bin`: the n-grams that tell 25 languages apart, from the models of the lingua
//! project (Apache-2.0, Peter M. Stahl), pruned to those whose removal would cost most and rounded to an eighth.
//!
//! Run in this folder: `cargo run --release -- ../src/language/model.bin`. The same inputs give the same bytes.
//!
//! The file, little endian: `u32` number of n-grams; for each bucket of the first 14 bits of the hash and one more,
//! `u32` place of its first n-gram; for each n-gram, in the order of their hashes, `u32` hash; likewise and one more,
//! `u32` place of its first entry; the entries, two bytes each: language, negated log probability in eighths.

use anyhow::{Context, Result};
use fst::{Map, Streamer};
use include_dir::Dir;
use std::collections::{BTreeMap, HashMap};
use xxhash_rust::xxh3::xxh3_64;

/// Longest n-gram; five letters double the size for two points on single words.
const LONGEST: usize = 4;
/// N-grams kept of one language, besides its single letters.
const KEPT: usize = 8_000;
/// What backing off to a shorter n-gram costs, as a logarithm; `language/ngrams.rs` uses the same.
const BACK_OFF: f32 = -1.5;
/// Log probability of what was never seen.
const UNSEEN: f32 = -12.0;
const BUCKET_BITS: u32 = 14;

/// The languages; the place is the number in the file. `language/ngrams.rs` has the same list.
fn languages() -> [&'static Dir<'static>; 25] {
    [
        &lingua_english_language_model::ENGLISH_MODELS_DIRECTORY,
        &lingua_spanish_language_model::SPANISH_MODELS_DIRECTORY,
        &lingua_portuguese_language_model::PORTUGUESE_MODELS_DIRECTORY,
        &lingua_french_language_model::FRENCH_MODELS_DIRECTORY,
        &lingua_italian_language_model::ITALIAN_MODELS_DIRECTORY,
        &lingua_german_language_model::GERMAN_MODELS_DIRECTORY,
        &lingua_dutch_language_model::DUTCH_MODELS_DIRECTORY,
        &lingua_swedish_language_model::SWEDISH_MODELS_DIRECTORY,
        &lingua_danish_language_model::DANISH_MODELS_DIRECTORY,
        &lingua_bokmal_language_model::BOKMAL_MODELS_DIRECTORY,
        &lingua_finnish_language_model::FINNISH_MODELS_DIRECTORY,
        &lingua_polish_language_model::POLISH_MODELS_DIRECTORY,
        &lingua_czech_language_model::CZECH_MODELS_DIRECTORY,
        &lingua_romanian_language_model::ROMANIAN_MODELS_DIRECTORY,
        &lingua_hungarian_language_model::HUNGARIAN_MODELS_DIRECTORY,
        &lingua_turkish_language_model::TURKISH_MODELS_DIRECTORY,
        &lingua_indonesian_language_model::INDONESIAN_MODELS_DIRECTORY,
        &lingua_vietnamese_language_model::VIETNAMESE_MODELS_DIRECTORY,
        &lingua_catalan_language_model::CATALAN_MODELS_DIRECTORY,
        &lingua_tagalog_language_model::TAGALOG_MODELS_DIRECTORY,
        &lingua_russian_language_model::RUSSIAN_MODELS_DIRECTORY,
        &lingua_ukrainian_language_model::UKRAINIAN_MODELS_DIRECTORY,
        &lingua_bulgarian_language_model::BULGARIAN_MODELS_DIRECTORY,
        &lingua_arabic_language_model::ARABIC_MODELS_DIRECTORY,
        &lingua_persian_language_model::PERSIAN_MODELS_DIRECTORY,
    ]
}

/// One n-gram's entries: language and negated log probability in eighths.
type Entries = Vec<(u8, u8)>;

fn main() -> Result<()> {
    let out = std::env::args().nth(1).context("usage: sluicebox-language-model FILE")?;
    let mut model: BTreeMap<u32, Entries> = BTreeMap::new();
    for (language, folder) in (0_u8..).zip(languages()) {
        for (ngram, log) in pruned(&read(folder)?) {
            let eighths = (-log * 8.0).round().clamp(0.0, 255.0) as u8;
            let entries = model.entry((xxh3_64(ngram.as_bytes()) >> 32) as u32).or_default();
            if entries.last().is_none_or(|&(last, _)| last != language) {
                entries.push((language, eighths));
            }
        }
    }
    std::fs::write(&out, encode(&model)?).context(out)
}

/// Conditional log probability of the last letter of each n-gram after its first ones.
fn read(folder: &Dir<'_>) -> Result<HashMap<String, f32>> {
    let file = folder.get_file("ngrams.fst").context("a model without ngrams.fst")?;
    let map = Map::new(file.contents())?;
    let (mut stream, mut ngrams) = (map.stream(), HashMap::new());
    while let Some((ngram, bits)) = stream.next() {
        let ngram = std::str::from_utf8(ngram)?;
        if ngram.chars().count() <= LONGEST {
            ngrams.insert(ngram.to_owned(), f64::from_bits(bits) as f32);
        }
    }
    Ok(ngrams)
}

/// All single letters, and the n-grams whose loss would change the most probability (Stolcke's criterion).
fn pruned(ngrams: &HashMap<String, f32>) -> Vec<(&String, f32)> {
    let mut ranked: Vec<(f32, &String, f32)> = ngrams
        .iter()
        .map(|(ngram, &log)| (worth(ngrams, ngram, log), ngram, log))
        .collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    ranked.into_iter().take(KEPT).map(|(_, ngram, log)| (ngram, log)).collect()
}

fn worth(ngrams: &HashMap<String, f32>, ngram: &str, log: f32) -> f32 {
    let Some((second, _)) = ngram.char_indices().nth(1) else {
        return f32::INFINITY;
    };
    let of = |part: &str| ngrams.get(part).copied().unwrap_or(UNSEEN);
    let ends = ngram.char_indices().map(|(at, c)| at + c.len_utf8());
    let joint: f32 = ends.map(|end| of(&ngram[..end])).sum();
    joint.exp() * (log - of(&ngram[second..]) - BACK_OFF).abs()
}

fn encode(model: &BTreeMap<u32, Entries>) -> Result<Vec<u8>> {
    let mut out = u32::try_from(model.len())?.to_le_bytes().to_vec();
    for bucket in 0..=1_u64 << BUCKET_BITS {
        let first = model.keys().filter(|&&hash| u64::from(hash >> (32 - BUCKET_BITS)) < bucket).count();
        out.extend(u32::try_from(first)?.to_le_bytes());
    }
    model.keys().for_each(|hash| out.extend(hash.to_le_bytes()));
    let mut place = 0_u32;
    out.extend(place.to_le_bytes());
    for entries in model.values() {
        place += u32::try_from(entries.len())?;
        out.extend(place.to_le_bytes());
    }
    for &(language, eighths) in model.values().flatten() {
        out.extend([language, eighths]);
    }
    Ok(out)
}
