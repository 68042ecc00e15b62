//! `MinHash` with banding (Broder 1997): texts that share most words and pairs of words likely share a band.

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Bands of two rows each: two texts of Jaccard 0.5 share one with a probability of 0.99, of 0.2 with 0.48.
pub(super) const BANDS: usize = 16;
const ROWS: usize = 2;

/// One number for each band.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Bands(pub(super) [u32; BANDS]);

/// The lowest of each hash function over the words and pairs of words of a text.
pub(super) struct Features {
    lowest: [u32; BANDS * ROWS],
    previous: Option<u64>,
}

impl Default for Features {
    fn default() -> Self {
        Self {
            lowest: [u32::MAX; BANDS * ROWS],
            previous: None,
        }
    }
}

impl Features {
    /// Adds the next word, and the pair that it makes with the one before.
    pub(super) fn word(&mut self, hash: u64) {
        self.add(hash);
        if let Some(previous) = self.previous.replace(hash) {
            self.add(xxh3_64_with_seed(&hash.to_le_bytes(), previous));
        }
    }

    /// Hash functions are a multiplication and an addition of the feature's hash, upper half (Dietzfelbinger 1997).
    fn add(&mut self, hash: u64) {
        for (function, lowest) in (1_u64..).zip(&mut self.lowest) {
            let factor = function.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
            let mixed = hash.wrapping_mul(factor).wrapping_add(factor.rotate_left(32)) >> 32;
            *lowest = (*lowest).min(mixed as u32);
        }
    }

    /// The bands.
    pub(super) fn bands(&self) -> Bands {
        let mut bands = [0; BANDS];
        for (band, rows) in bands.iter_mut().zip(self.lowest.as_chunks::<ROWS>().0) {
            *band = rows.iter().fold(0x811c_9dc5_u32, |mixed, row| {
                (mixed.rotate_left(5) ^ row).wrapping_mul(0x9e37_79b1)
            });
        }
        Bands(bands)
    }
}
