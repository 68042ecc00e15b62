//! How many different items there were: `HyperLogLog`. No clock, no I/O.
//!
//! Up to 128 items are counted exactly, by their hashes; beyond that 2,048 registers answer with a standard error of
//! 1.04 / √2048 = 2.3 %. The estimate is Ertl's (2017), which needs no tables of biases. The same items give the same
//! bytes on every machine, in any order.

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

const BITS: u32 = 11;
const REGISTERS: usize = 1 << BITS;
/// Values that a register takes beside 0.
const LEVELS: usize = (64 - BITS) as usize + 1;
/// Hashes that are kept before registers take less room.
const EXACT: usize = 128;

/// A count of different items.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Distinct {
    /// The hashes of all items, in order.
    #[serde(rename = "e")]
    Exact(Vec<u64>),
    /// Registers.
    #[serde(rename = "r")]
    Estimated(Vec<u8>),
}

impl Default for Distinct {
    fn default() -> Self {
        Self::Exact(Vec::new())
    }
}

impl Distinct {
    /// Counts an item.
    pub fn add(&mut self, item: &str) {
        self.add_hash(xxh3_64(item.as_bytes()));
    }

    fn add_hash(&mut self, hash: u64) {
        match self {
            Self::Exact(hashes) => {
                if let Err(place) = hashes.binary_search(&hash) {
                    hashes.insert(place, hash);
                    if hashes.len() > EXACT {
                        *self = Self::Estimated(registers_of(hashes));
                    }
                }
            }
            Self::Estimated(registers) => raise(registers, hash),
        }
    }

    /// Counts the items of both.
    pub fn merge(&mut self, other: &Self) {
        match other {
            Self::Exact(hashes) => hashes.iter().for_each(|hash| self.add_hash(*hash)),
            Self::Estimated(theirs) => {
                let mut mine = match std::mem::take(self) {
                    Self::Exact(hashes) => registers_of(&hashes),
                    Self::Estimated(registers) => registers,
                };
                for (mine, theirs) in mine.iter_mut().zip(theirs) {
                    *mine = (*mine).max(*theirs);
                }
                *self = Self::Estimated(mine);
            }
        }
    }

    /// How many different items were added.
    pub fn count(&self) -> f64 {
        match self {
            Self::Exact(hashes) => f64::from(u32::try_from(hashes.len()).unwrap_or(u32::MAX)),
            Self::Estimated(registers) => estimate(registers),
        }
    }
}

fn registers_of(hashes: &[u64]) -> Vec<u8> {
    let mut registers = vec![0; REGISTERS];
    for hash in hashes {
        raise(&mut registers, *hash);
    }
    registers
}

fn raise(registers: &mut [u8], hash: u64) {
    let place = usize::try_from(hash >> (64 - BITS)).unwrap_or(0);
    // The bit below the rest ends the count of zeros.
    let level = ((hash << BITS) | (1 << (BITS - 1))).leading_zeros() + 1;
    if let Some(register) = registers.get_mut(place) {
        *register = (*register).max(u8::try_from(level).unwrap_or(u8::MAX));
    }
}

fn estimate(registers: &[u8]) -> f64 {
    let mut of_level = [0.0_f64; LEVELS + 1];
    for level in registers {
        if let Some(count) = of_level.get_mut(usize::from(*level)) {
            *count += 1.0;
        }
    }
    let all = 2048.0;
    let [none, between @ .., last] = of_level;
    let mut sum = all * tau(1.0 - last / all);
    for count in between.iter().rev() {
        sum = 0.5 * (sum + count);
    }
    sum += all * sigma(none / all);
    (all * all / (2.0 * std::f64::consts::LN_2) / sum).round()
}

fn sigma(share: f64) -> f64 {
    if share >= 1.0 {
        return f64::INFINITY;
    }
    let (mut power, mut weight, mut sum) = (share, 1.0, share);
    loop {
        power *= power;
        let before = sum;
        sum += power * weight;
        weight += weight;
        if sum <= before {
            return sum;
        }
    }
}

fn tau(share: f64) -> f64 {
    if share <= 0.0 || share >= 1.0 {
        return 0.0;
    }
    let (mut root, mut weight, mut sum) = (share, 1.0, 1.0 - share);
    loop {
        root = root.sqrt();
        let before = sum;
        weight *= 0.5;
        sum -= (1.0 - root) * (1.0 - root) * weight;
        if sum >= before {
            return sum / 3.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(items: std::ops::Range<u32>) -> Distinct {
        let mut distinct = Distinct::default();
        items.for_each(|item| distinct.add(&format!("user:{item}")));
        distinct
    }

    #[test]
    fn few_are_exact_and_many_within_four_standard_errors() {
        assert!((of(0..128).count() - 128.0).abs() < 1e-9);
        for most in [129, 1_000, 10_000, 200_000] {
            let error = (of(0..most).count() / f64::from(most) - 1.0).abs();
            assert!(error < 4.0 * 0.023, "{most}: {error}");
        }
    }

    #[test]
    fn neither_order_nor_merging_makes_a_difference() {
        let (whole, mut parts) = (of(0..5_000), of(3_000..5_000));
        parts.merge(&of(0..100));
        parts.merge(&of(50..4_000));
        assert_eq!(parts, whole);
        let mut few = of(0..10);
        few.merge(&of(5..20));
        assert!((few.count() - 20.0).abs() < 1e-9);
    }
}
