//! Writes the two files, little endian.
//!
//! `ranks.bin`: `u32` number of words, `u32` number of slots, a power of two; each slot, `u16`, holds one more than the
//! place of a word, or 0; one more place than there are words, `u32`, where each word begins in the bytes that follow.
//! A word is looked for from the slot that the lower bits of its xxh3 name.
//!
//! `vectors.bin`: `u32` number of rows, `u32` numbers of a row; `f32` scale of each row; the rows, `i8` each number.

use anyhow::{Context, Result, ensure};
use std::path::Path;
use xxhash_rust::xxh3::xxh3_64;

const SLOTS: usize = 1 << 16;

pub fn ranks(file: &Path, words: &[String]) -> Result<()> {
    ensure!(words.len() * 2 < SLOTS + SLOTS / 2, "too many words for the slots");
    let mut slots = vec![0_u16; SLOTS];
    for (place, word) in words.iter().enumerate() {
        let mut slot = xxh3_64(word.as_bytes()) as usize % SLOTS;
        while slots[slot] != 0 {
            slot = (slot + 1) % SLOTS;
        }
        slots[slot] = u16::try_from(place + 1)?;
    }
    let mut out = u32::try_from(words.len())?.to_le_bytes().to_vec();
    out.extend(u32::try_from(SLOTS)?.to_le_bytes());
    slots.iter().for_each(|slot| out.extend(slot.to_le_bytes()));
    let mut begin = 0_u32;
    for word in words {
        out.extend(begin.to_le_bytes());
        begin += u32::try_from(word.len())?;
    }
    out.extend(begin.to_le_bytes());
    words.iter().for_each(|word| out.extend(word.as_bytes()));
    std::fs::write(file, out).with_context(|| file.display().to_string())
}

pub fn vectors(file: &Path, rows: &[Vec<f64>], dimensions: usize) -> Result<()> {
    let mut out = u32::try_from(rows.len())?.to_le_bytes().to_vec();
    out.extend(u32::try_from(dimensions)?.to_le_bytes());
    let scales: Vec<f64> = rows.iter().map(|row| row.iter().fold(0.0_f64, |most, x| most.max(x.abs())) / 127.0).collect();
    scales.iter().for_each(|scale| out.extend((*scale as f32).to_le_bytes()));
    for (row, scale) in rows.iter().zip(scales) {
        let whole = |x: &f64| if scale > 0.0 { (x / scale).round() as i8 } else { 0 };
        out.extend(row.iter().flat_map(|x| whole(x).to_le_bytes()));
    }
    std::fs::write(file, out).with_context(|| file.display().to_string())
}
