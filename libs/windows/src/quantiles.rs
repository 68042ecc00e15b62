//! Quantiles of numbers: `DDSketch` (Masson, Rim, Lee 2019), with 64 buckets for each doubling. No clock, no I/O.
//!
//! A quantile is at most 1/129 of itself away from the number of that rank. The bucket is read from the bits of the
//! number, so no logarithm is taken, and the same numbers give the same bytes on every machine, in any order. Beyond
//! [`MOST_BUCKETS`] the smallest are put together, so that the high quantiles stay right.

use serde::{Deserialize, Serialize};

/// Buckets of either sign: numbers that differ by a factor of 65,536.
const MOST_BUCKETS: usize = 1024;

/// Bits of the fraction that tell buckets apart: 2⁶ = 64.
const FRACTION: u32 = 6;

/// How many numbers lie in which bucket, smallest first.
type Buckets = Vec<(u32, u64)>;

/// A sketch of numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quantiles {
    #[serde(rename = "p", default, skip_serializing_if = "Vec::is_empty")]
    positive: Buckets,
    #[serde(rename = "n", default, skip_serializing_if = "Vec::is_empty")]
    negative: Buckets,
    #[serde(rename = "z", default)]
    zeros: u64,
}

impl Quantiles {
    /// Counts a number; what is none is left out.
    pub fn add(&mut self, number: f64) {
        if !number.is_finite() {
            return;
        }
        if number.abs() < f64::MIN_POSITIVE {
            self.zeros += 1;
        } else if number > 0.0 {
            count(&mut self.positive, bucket(number), 1);
        } else {
            count(&mut self.negative, bucket(-number), 1);
        }
    }

    /// Counts the numbers of both.
    pub fn merge(&mut self, other: &Self) {
        for (bucket, many) in &other.positive {
            count(&mut self.positive, *bucket, *many);
        }
        for (bucket, many) in &other.negative {
            count(&mut self.negative, *bucket, *many);
        }
        self.zeros += other.zeros;
    }

    /// The number below which this share lies, 0 to 1: of `n` in order the one at `⌊share · (n - 1)⌋`. `None` where there
    /// are none.
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let all = self.count().checked_sub(1)?;
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rank of so many is right to one in 2⁵³"
        )]
        let rank = (share.clamp(0.0, 1.0) * all as f64) as u64;
        let negative = self.negative.iter().rev().map(|(at, many)| (-middle(*at), *many));
        let positive = self.positive.iter().map(|(at, many)| (middle(*at), *many));
        let mut seen = 0;
        negative
            .chain(std::iter::once((0.0, self.zeros)))
            .chain(positive)
            .find(|(_, many)| {
                seen += many;
                seen > rank
            })
            .map(|(number, _)| number)
    }

    /// How many numbers there are.
    pub fn count(&self) -> u64 {
        let of = |buckets: &Buckets| buckets.iter().map(|(_, many)| many).sum::<u64>();
        of(&self.positive) + of(&self.negative) + self.zeros
    }
}

/// Exponent and the first bits of the fraction of a positive number.
fn bucket(number: f64) -> u32 {
    u32::try_from(number.to_bits() >> (52 - FRACTION)).unwrap_or(u32::MAX)
}

/// The number that is relatively as far from either end of a bucket.
fn middle(bucket: u32) -> f64 {
    let at = |bucket: u32| f64::from_bits(u64::from(bucket) << (52 - FRACTION));
    let (low, high) = (at(bucket), at(bucket.saturating_add(1)));
    if high.is_finite() {
        2.0 * low / (1.0 + low / high)
    } else {
        low
    }
}

fn count(buckets: &mut Buckets, bucket: u32, many: u64) {
    match buckets.binary_search_by_key(&bucket, |(at, _)| *at) {
        Ok(place) => {
            if let Some((_, known)) = buckets.get_mut(place) {
                *known += many;
            }
        }
        Err(place) => {
            buckets.insert(place, (bucket, many));
            collapse(buckets);
        }
    }
}

/// Puts the two smallest together where there are too many.
fn collapse(buckets: &mut Buckets) {
    if buckets.len() > MOST_BUCKETS {
        let (_, many) = buckets.remove(0);
        if let Some((_, first)) = buckets.first_mut() {
            *first += many;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_quantile_is_near_the_number_of_its_rank(
            mut numbers in prop::collection::vec(prop_oneof![-1e3..1e3_f64, 0.0..1e-3_f64, Just(0.0)], 1..200),
            share in 0.0..=1.0_f64, cut in 0usize..200)
        {
            let (mut whole, mut parts) = (Quantiles::default(), [Quantiles::default(), Quantiles::default()]);
            for (at, number) in numbers.iter().enumerate() {
                whole.add(*number);
                parts[usize::from(at < cut)].add(*number);
            }
            let [mut merged, other] = parts;
            merged.merge(&other);
            prop_assert_eq!(&merged, &whole);
            numbers.sort_by(f64::total_cmp);
            #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "few")]
            let wanted = numbers[(share * (numbers.len() - 1) as f64) as usize];
            let got = whole.quantile(share).expect("there are numbers");
            prop_assert!((got - wanted).abs() <= wanted.abs() / 129.0 + 1e-12, "{} for {}", got, wanted);
        }

        #[test]
        fn no_number_panics(numbers in prop::collection::vec(any::<f64>(), 0..50), share in any::<f64>()) {
            let mut sketch = Quantiles::default();
            for number in numbers {
                sketch.add(number);
            }
            let _ = sketch.quantile(share);
        }
    }

    #[test]
    fn memory_is_bounded_and_high_quantiles_stay() {
        let mut sketch = Quantiles::default();
        for power in -300..300 {
            for part in 0..4 {
                sketch.add(10_f64.powi(power) * (1.0 + f64::from(part)));
            }
        }
        assert!(sketch.positive.len() <= MOST_BUCKETS);
        assert_eq!(sketch.count(), 2400);
        let most = sketch.quantile(1.0).expect("there are numbers");
        assert!((most / 4e299 - 1.0).abs() < 0.01);
    }
}
