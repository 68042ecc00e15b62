//! Makes `libs/sameness/src/words/ranks.bin` and `libs/sameness/src/vectors/vectors.bin` from the word embeddings and
//! the vocabulary of all-MiniLM-L6-v2. `./build` in this folder fetches the source and runs it; the same source gives
//! the same bytes on every machine, since every sum has a fixed order and no linear algebra library is asked.
//!
//! No text is looked at and no forward pass is made: the order of the vocabulary is how frequent words are in general
//! language, and the embeddings of its pieces, without their common part and weighed by that rank, are what a text
//! sums up (Arora 2017, Model2Vec).

mod axes;
mod source;
mod write;

use anyhow::{Context, Result};
use std::collections::HashSet;
use std::path::Path;

/// Rows before the first word: special tokens and single characters.
const FIRST_WORD: usize = 1_996;
/// What a rank is counted from, so that the most frequent words weigh next to nothing.
const RANKED_FROM: usize = 1_990;
/// Numbers of a vector: 256 scored the same on headlines, 64 cost a point of F1.
const DIMENSIONS: usize = 128;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let usage = "usage: sluicebox-word-vectors WHEEL LIBS/SAMENESS/SRC";
    let (wheel, folder) = (arguments.next().context(usage)?, arguments.next().context(usage)?);
    let folder = Path::new(&folder);
    let source = source::read(Path::new(&wheel))?;
    let stop = stop_words(&folder.join("words/stop/en.txt"))?;
    write::ranks(&folder.join("words/ranks.bin"), &source.pieces)?;
    let vectors = vectors(&source, &stop);
    write::vectors(&folder.join("vectors/vectors.bin"), &vectors, DIMENSIONS)
}

/// The words of a list, whose lines may begin with `#`.
fn stop_words(list: &Path) -> Result<HashSet<String>> {
    let text = std::fs::read_to_string(list).with_context(|| list.display().to_string())?;
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    Ok(lines.flat_map(str::split_whitespace).map(str::to_owned).collect())
}

/// One row a piece: without the common part, on the strongest axes, weighed by rank; zero for what says nothing.
fn vectors(source: &source::Source, stop: &HashSet<String>) -> Vec<Vec<f64>> {
    let width = source.width;
    let words = source.rows.get(FIRST_WORD * width..).unwrap_or_default();
    let mean = axes::mean(words, width);
    let axes = axes::strongest(words, &mean, DIMENSIONS);
    let rows = source.rows.chunks_exact(width).zip(&source.pieces).enumerate();
    rows.map(|(rank, (row, piece))| {
        if rank < FIRST_WORD || stop.contains(piece) {
            return vec![0.0; DIMENSIONS];
        }
        let weight = ((rank - RANKED_FROM).max(2) as f64).ln();
        axes.iter().map(|axis| weight * axes::along(row, &mean, axis)).collect()
    })
    .collect()
}
