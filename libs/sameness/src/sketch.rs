//! Near sameness: a sketch of a text's words and word pairs, and how alike two sketches are. No I/O.
//!
//! The sketch is the bottom-k `MinHash` (Broder 1997): the k lowest hashes of the set of features. Unlike k
//! independent hash functions it costs one hash a feature, is exact for texts of fewer than k features (most
//! posts and headlines), and then also tells how much of the shorter text the longer one contains.

use crate::comparable;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

/// Hashes kept. Beyond it the standard error of an estimate is about 1/sqrt(64), 0.12 at worst.
const KEPT: usize = 64;
/// Features of the shorter text from which on being contained in the longer one means something.
const CONTAINED_FROM: u32 = 9;
/// The shorter text must have this share of the longer one's features to count as its cut copy.
const CONTAINED_SHARE: f64 = 0.2;
/// A cut copy is a little less alike than a full one.
const CONTAINED_WEIGHT: f64 = 0.9;

/// A fingerprint of a text of at most 260 bytes; [`similarity`] compares two. Texts without words have an empty one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sketch {
    /// How many distinct features the text has.
    size: u32,
    /// The lowest hashes, ascending, distinct.
    lowest: Vec<u32>,
}

impl Sketch {
    /// The sketch of a text. Case, links, mentions, punctuation and repetition do not matter; numbers do.
    pub fn of(text: &str) -> Self {
        let mut features = Vec::new();
        let mut previous: Option<u64> = None;
        comparable::words(text, |word| {
            let hash = xxh3_64(word.as_bytes());
            // A single ideograph says little; pairs carry the meaning of scripts without blanks.
            if !word.starts_with(comparable::is_unspaced) {
                features.push(short(hash));
            }
            if let Some(before) = previous {
                features.push(short(xxh3_64_with_seed(&hash.to_le_bytes(), before)));
            }
            previous = Some(hash);
        });
        features.sort_unstable();
        features.dedup();
        let size = u32::try_from(features.len()).unwrap_or(u32::MAX);
        features.truncate(KEPT);
        features.shrink_to_fit();
        Self {
            size,
            lowest: features,
        }
    }

    /// True for a text without words, which is like no other.
    pub fn is_empty(&self) -> bool {
        self.size == 0
    }

    /// The kept hashes, lowest first: the first few serve as bands of an index, since similar texts share them.
    pub fn hashes(&self) -> &[u32] {
        &self.lowest
    }
}

/// The upper half of a hash.
fn short(hash: u64) -> u32 {
    (hash >> 32) as u32
}

/// How alike two texts are, 0 to 1: the share of common features, or, when the shorter one is a cut copy, nearly
/// the share of it that the longer one contains. Symmetric; 1 for equal texts; 0 with an empty one.
pub fn similarity(a: &Sketch, b: &Sketch) -> f64 {
    if a.is_empty() || b.is_empty() {
        return 0.0;
    }
    let jaccard = jaccard(a, b);
    let (small, large) = (f64::from(a.size.min(b.size)), f64::from(a.size.max(b.size)));
    if a.size.min(b.size) < CONTAINED_FROM || small < CONTAINED_SHARE * large {
        return jaccard;
    }
    let common = jaccard * (small + large) / (1.0 + jaccard);
    jaccard.max(CONTAINED_WEIGHT * (common / small).min(1.0))
}

/// Common features among the k lowest of both, by all of these.
fn jaccard(a: &Sketch, b: &Sketch) -> f64 {
    let (mut i, mut j, mut seen, mut common) = (0, 0, 0_u32, 0_u32);
    let whole = |sketch: &Sketch| sketch.size as usize == sketch.lowest.len();
    let limit = if whole(a) && whole(b) { 2 * KEPT } else { KEPT };
    while (seen as usize) < limit {
        let order = match (a.lowest.get(i), b.lowest.get(j)) {
            (Some(left), Some(right)) => left.cmp(right),
            (Some(_), None) if whole(b) => std::cmp::Ordering::Less,
            (None, Some(_)) if whole(a) => std::cmp::Ordering::Greater,
            _ => break,
        };
        seen += 1;
        common += u32::from(order.is_eq());
        i += usize::from(order.is_le());
        j += usize::from(order.is_ge());
    }
    if seen == 0 {
        0.0
    } else {
        f64::from(common) / f64::from(seen)
    }
}

#[cfg(test)]
mod tests;
