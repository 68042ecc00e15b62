//! Values that a key never or hardly had: a country, an hour, a device. No clock, no I/O.
//!
//! The most frequent values are counted, by their hashes; of those that there is no room for, a Bloom filter remembers
//! that they were there, so that a value may be taken for known that is not, but never the other way round.

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

/// Values that are counted.
const MOST_VALUES: usize = 64;
/// Bits of the filter, and how many a value sets.
const BITS: u64 = 2048;
const SETS: u32 = 4;
/// From this many bits on the filter says nothing, and everything is known.
const FULL: usize = 1024;

/// How a rule asks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rarity {
    /// Values that are learnt before it says anything: the cold start.
    pub learn: u64,
    /// Seen at most so many times before is rare.
    pub at_most: u64,
    /// Less than this share of all that was seen is rare, too.
    pub share: f64,
    /// What was not seen for this long was never seen, in milliseconds.
    pub forget: i64,
}

/// What a key was seen with.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Rare {
    #[serde(rename = "n")]
    seen: u64,
    /// Hash, count, and when it was seen last; the newest at the end.
    #[serde(rename = "v")]
    values: Vec<(u64, u64, i64)>,
    /// Bits that are set, in order.
    #[serde(rename = "b", default, skip_serializing_if = "Vec::is_empty")]
    others: Vec<u16>,
}

/// What is said of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sight {
    /// How often it was seen before; with its neighbours.
    pub before: u64,
    /// How many values were seen before.
    pub of: u64,
    /// Whether that is rare.
    pub is_rare: bool,
}

impl Rare {
    /// Says how often the value was seen before, and counts it. Sights of `neighbours` count as sights of it. `None`
    /// during the cold start.
    pub fn see(&mut self, at: i64, value: &str, neighbours: &[&str], rarity: &Rarity) -> Option<Sight> {
        let hash = xxh3_64(value.as_bytes());
        let near = neighbours.iter().map(|value| xxh3_64(value.as_bytes()));
        let since = at.saturating_sub(rarity.forget);
        let before = near
            .chain([hash])
            .map(|hash| self.count(hash, since))
            .fold(0, u64::saturating_add);
        let of = self.seen;
        self.count_in(hash, at);
        #[expect(clippy::cast_precision_loss, reason = "right up to 2⁵³")]
        let is_rare = before <= rarity.at_most || (before as f64) < rarity.share * of as f64;
        (of >= rarity.learn).then_some(Sight { before, of, is_rare })
    }

    fn count(&self, hash: u64, since: i64) -> u64 {
        match self.values.iter().find(|(known, ..)| *known == hash) {
            Some((_, count, last)) if *last >= since => *count,
            None if self.has(hash) => u64::MAX,
            _ => 0,
        }
    }

    fn count_in(&mut self, hash: u64, at: i64) {
        self.seen = self.seen.saturating_add(1);
        if let Some((_, count, last)) = self.values.iter_mut().find(|(known, ..)| *known == hash) {
            *count += 1;
            *last = (*last).max(at);
            return;
        }
        if self.values.len() >= MOST_VALUES {
            self.shed();
        }
        self.values.push((hash, 1, at));
    }

    /// Puts the rarest, and of those the one that was not seen for the longest, into the filter.
    fn shed(&mut self) {
        let rarest = self
            .values
            .iter()
            .enumerate()
            .min_by_key(|(_, (_, count, last))| (*count, *last));
        if let Some(place) = rarest.map(|(place, _)| place) {
            let (hash, ..) = self.values.remove(place);
            for bit in bits(hash) {
                if !self.is_full()
                    && let Err(place) = self.others.binary_search(&bit)
                {
                    self.others.insert(place, bit);
                }
            }
        }
    }

    fn is_full(&self) -> bool {
        self.others.len() >= FULL
    }

    fn has(&self, hash: u64) -> bool {
        !self.others.is_empty()
            && (self.is_full() || bits(hash).all(|bit| self.others.binary_search(&bit).is_ok()))
    }
}

/// Two halves of a hash give all (Kirsch, Mitzenmacher 2006).
fn bits(hash: u64) -> impl Iterator<Item = u16> {
    let (first, step) = (hash & 0xffff_ffff, (hash >> 32) | 1);
    (0..u64::from(SETS))
        .map(move |number| u16::try_from(first.wrapping_add(number.wrapping_mul(step)) % BITS).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEVER: Rarity = Rarity {
        learn: 1,
        at_most: 0,
        share: 0.0,
        forget: 1_000_000,
    };

    fn is_rare(rare: &mut Rare, at: i64, value: &str) -> Option<bool> {
        rare.see(at, value, &[], &NEVER).map(|sight| sight.is_rare)
    }

    #[test]
    fn the_first_is_learnt_and_what_is_new_after_it_is_rare_once() {
        let mut rare = Rare::default();
        assert_eq!(is_rare(&mut rare, 0, "Berlin"), None);
        assert_eq!(is_rare(&mut rare, 1, "Berlin"), Some(false));
        assert_eq!(is_rare(&mut rare, 2, "Lima"), Some(true));
        assert_eq!(is_rare(&mut rare, 3, "Lima"), Some(false));
        assert_eq!(is_rare(&mut rare, 1_000_004, "Lima"), Some(true), "forgotten");
    }

    #[test]
    fn hardly_is_a_share_and_neighbours_count() {
        let hours = Rarity {
            learn: 10,
            at_most: 0,
            share: 0.1,
            forget: i64::MAX,
        };
        let mut rare = Rare::default();
        for _ in 0..40 {
            rare.see(0, "9", &["8", "10"], &hours);
        }
        assert!(!rare.see(0, "10", &["9", "11"], &hours).expect("learnt").is_rare);
        let night = rare.see(0, "3", &["2", "4"], &hours).expect("learnt");
        assert_eq!((night.before, night.of, night.is_rare), (0, 41, true));
    }

    #[test]
    fn what_there_is_no_room_for_is_not_new_again() {
        let mut rare = Rare::default();
        for value in 0..2_000 {
            is_rare(&mut rare, value, &format!("device {value}"));
        }
        let again =
            (0..2_000).filter(|value| is_rare(&mut rare, 2_000, &format!("device {value}")) == Some(true));
        assert_eq!(again.count(), 0);
        let bytes = rmp_serde::to_vec_named(&rare).expect("writes");
        assert!(bytes.len() < 6 * 1024, "{} bytes", bytes.len());
        assert_eq!(rmp_serde::from_slice::<Rare>(&bytes).expect("reads"), rare);
    }

    #[test]
    fn a_new_value_is_told_though_some_were_put_away() {
        let mut rare = Rare::default();
        for value in 0..150 {
            is_rare(&mut rare, value, &format!("device {value}"));
        }
        let new = (0..100)
            .filter(|value| is_rare(&mut rare.clone(), 2_000, &format!("other {value}")) == Some(true));
        assert!(new.count() > 90);
    }
}
