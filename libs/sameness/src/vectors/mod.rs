//! What words mean, beside their letters: static vectors of English pieces of words, summed over a text.
//!
//! `vectors.bin` (4 MB) is made by `libs/sameness/train` and read in place. A program built without the feature
//! `vectors` does not hold it, and everything works by words.

mod pieces;
mod sum;

pub(crate) use sum::Meaning;
pub use sum::{DIMENSIONS, VectorSum};

#[cfg(feature = "vectors")]
const FILE: &[u8] = include_bytes!("vectors.bin");
#[cfg(not(feature = "vectors"))]
const FILE: &[u8] = &[];
const SCALES_AT: usize = 8;

/// Whether this program holds word vectors.
pub const fn are_built_in() -> bool {
    !FILE.is_empty()
}

/// The vector at a place of the vocabulary: its scale, and a number for each dimension.
fn row(place: usize) -> Option<(f32, &'static [u8; DIMENSIONS])> {
    let rows = usize::try_from(u32::from_le_bytes(*FILE.first_chunk()?))
        .ok()
        .filter(|rows| place < *rows)?;
    let scale = FILE.get(SCALES_AT + 4 * place..)?.first_chunk()?;
    let numbers = FILE
        .get(SCALES_AT + 4 * rows + DIMENSIONS * place..)?
        .first_chunk()?;
    Some((f32::from_le_bytes(*scale), numbers))
}

#[cfg(all(test, feature = "vectors"))]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_whole() {
        let number = |at: usize| u32::from_le_bytes(*FILE[at..].first_chunk().unwrap()) as usize;
        assert_eq!((number(0), number(4)), (30_522, DIMENSIONS));
        assert_eq!(FILE.len(), SCALES_AT + number(0) * (4 + DIMENSIONS));
        assert!(row(number(0)).is_none() && row(number(0) - 1).is_some());
    }
}
