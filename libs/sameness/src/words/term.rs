//! A term: the stem of a word in sixteen bytes, so that clusters and lists of terms need no heap of their own.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use xxhash_rust::xxh3::xxh3_64;

const SIZE: usize = 16;
/// Bytes of a longer word that are kept to be read; the others are a mark and a hash.
const SHOWN: usize = 8;
/// Stands in no UTF-8: what follows is a hash.
const CUT: u8 = 0xff;

/// The stem of a word: itself up to sixteen bytes; a longer one as its first eight and 56 bits of its hash.
///
/// ```
/// assert_eq!(sameness::Term::of("launch").to_string(), "launch");
/// assert_eq!(sameness::Term::of("verfassungsgericht").to_string(), "verfassu…");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Term([u8; SIZE]);

impl Term {
    /// The term of a stem.
    pub fn of(stem: &str) -> Self {
        let mut bytes = [0; SIZE];
        if stem.len() <= SIZE {
            fill(&mut bytes, stem.as_bytes());
        } else {
            let shown = (0..=SHOWN).rev().find(|&end| stem.is_char_boundary(end));
            fill(
                &mut bytes,
                stem.as_bytes().get(..shown.unwrap_or(0)).unwrap_or_default(),
            );
            let hash = xxh3_64(stem.as_bytes()).to_be_bytes();
            for (byte, from) in bytes.iter_mut().skip(SHOWN).zip([CUT].iter().chain(&hash)) {
                *byte = *from;
            }
        }
        Self(bytes)
    }

    /// The bytes without what only fills them up.
    pub fn bytes(&self) -> &[u8] {
        let end = self
            .0
            .iter()
            .rposition(|&byte| byte != 0)
            .map_or(0, |last| last + 1);
        self.0.get(..end).unwrap_or_default()
    }

    /// The term of bytes that [`Term::bytes`] gave; beyond sixteen they are left out.
    pub fn from_bytes(from: &[u8]) -> Self {
        let mut bytes = [0; SIZE];
        fill(&mut bytes, from);
        Self(bytes)
    }

    /// The term as a number in the same order.
    pub(crate) const fn number(self) -> u128 {
        u128::from_be_bytes(self.0)
    }
}

fn fill(bytes: &mut [u8; SIZE], from: &[u8]) {
    bytes.iter_mut().zip(from).for_each(|(byte, from)| *byte = *from);
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self
            .0
            .split(|&byte| byte == CUT || byte == 0)
            .next()
            .unwrap_or_default();
        let cut = if self.0.contains(&CUT) { "\u{2026}" } else { "" };
        write!(f, "{}{cut}", String::from_utf8_lossy(shown))
    }
}

impl fmt::Debug for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl Serialize for Term {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.bytes())
    }
}

impl<'de> Deserialize<'de> for Term {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde_bytes::ByteBuf::deserialize(deserializer).map(|bytes| Self::from_bytes(&bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::Term;
    use proptest::prelude::*;

    #[test]
    fn long_words_that_begin_alike_differ() {
        let [a, b] = ["verfassungsgericht", "verfassungsgebung1"].map(Term::of);
        assert_ne!(a, b);
        assert_eq!(a.to_string(), "verfassu\u{2026}");
        assert_eq!(Term::of("неустойчивость").to_string(), "неус\u{2026}");
    }

    proptest! {
        #[test]
        fn bytes_give_the_term_back(a in "[a-zа-я交易]{1,20}", b in "[a-c]{1,17}", c in "[a-c]{1,17}") {
            prop_assert_eq!(Term::from_bytes(Term::of(&a).bytes()), Term::of(&a));
            prop_assert_eq!(Term::of(&b) == Term::of(&c), b == c);
            prop_assert_eq!(Term::of(&b).cmp(&Term::of(&c)), Term::of(&b).number().cmp(&Term::of(&c).number()));
        }
    }
}
