//! Sums of word vectors: of one text, and of the texts of a cluster. Whole numbers, so that the order does not matter.

use super::{pieces, row};
use serde::{Deserialize, Serialize};

/// Numbers of a vector.
pub const DIMENSIONS: usize = 128;
/// Where a sum is halved, so that one more text never overflows it. Then old texts count less than new ones.
const MOST: i16 = i16::MAX / 2;
/// What the length of a text's vector becomes.
const LENGTH: f32 = 127.0;

/// The vector of a text while its words are read.
pub(crate) struct Meaning([f32; DIMENSIONS]);

impl Meaning {
    pub(crate) fn new() -> Self {
        Self([0.0; DIMENSIONS])
    }

    /// Adds a word, weighed.
    pub(crate) fn add(&mut self, word: &str, weight: f32) {
        pieces::each(word, |place| {
            if let Some((scale, numbers)) = row(place) {
                let scale = scale * weight;
                for (sum, number) in self.0.iter_mut().zip(numbers) {
                    *sum += scale * f32::from(number.cast_signed());
                }
            }
        });
    }

    /// The vector with the same length as that of any other text; `None` where no word had one.
    pub(crate) fn sum(&self) -> Option<VectorSum> {
        of_length(&self.0)
    }
}

fn of_length(numbers: &[f32; DIMENSIONS]) -> Option<VectorSum> {
    let length = numbers.iter().map(|x| x * x).sum::<f32>().sqrt();
    if length <= 0.0 {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "at most 127")]
    let whole = numbers.map(|x| (x / length * LENGTH).round() as i16);
    Some(VectorSum(Box::new(whole)))
}

/// The sum of the vectors of some texts, each of the same length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VectorSum(Box<[i16; DIMENSIONS]>);

impl VectorSum {
    /// The numbers.
    pub(crate) fn numbers(&self) -> &[i16; DIMENSIONS] {
        &self.0
    }

    /// A text's vector without what all texts of its stream have in common, of the same length.
    pub(crate) fn without(&self, common: &[f32; DIMENSIONS]) -> Option<Self> {
        let mut numbers = [0.0; DIMENSIONS];
        for ((number, mine), common) in numbers.iter_mut().zip(self.0.iter()).zip(common) {
            *number = f32::from(*mine) - common;
        }
        of_length(&numbers)
    }

    /// Adds the texts of another sum.
    pub fn add(&mut self, other: &Self) {
        for (sum, number) in self.0.iter_mut().zip(other.0.iter()) {
            *sum = sum.saturating_add(*number);
        }
        if self.0.iter().any(|number| number.saturating_abs() > MOST) {
            self.0.iter_mut().for_each(|number| *number /= 2);
        }
    }

    /// The cosine of two sums, -1 to 1; 0 where one of them has no direction. `length` is this one's.
    pub(crate) fn cosine(&self, other: &Self, length: f32) -> f32 {
        let lengths = length * other.length();
        if lengths > 0.0 {
            self.dot(other) as f32 / lengths
        } else {
            0.0
        }
    }

    /// The length, for [`VectorSum::cosine`].
    pub(crate) fn length(&self) -> f32 {
        (self.dot(self) as f32).sqrt()
    }

    /// Below 2^37: it fits.
    fn dot(&self, other: &Self) -> i64 {
        let products = self.0.iter().zip(other.0.iter());
        products
            .map(|(a, b)| i64::from(i32::from(*a) * i32::from(*b)))
            .sum()
    }
}

impl Serialize for VectorSum {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.as_slice().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for VectorSum {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let numbers = Vec::<i16>::deserialize(deserializer)?;
        let length = numbers.len();
        let numbers = numbers.into_boxed_slice().try_into();
        numbers
            .map(Self)
            .map_err(|_| serde::de::Error::invalid_length(length, &"128 numbers"))
    }
}
