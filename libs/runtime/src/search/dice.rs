//! Choices that a seed decides.

use std::time::Duration;

/// `SplitMix64` (Steele, Lea and Flood, OOPSLA 2014): the same choices for the same seed, everywhere.
#[derive(Debug, Clone)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn of(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// Others, which depend on these.
    pub(super) fn split(&mut self) -> Self {
        Self(self.next())
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Less than `most`, or 0.
    pub(super) fn below(&mut self, most: usize) -> usize {
        match u64::try_from(most) {
            Ok(most) if most > 1 => usize::try_from(self.next() % most).unwrap_or_default(),
            _ => 0,
        }
    }

    /// In one of so many cases.
    pub(super) fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == 0
    }

    /// At most this long.
    pub(super) fn time(&mut self, most: Duration) -> Duration {
        let micros = usize::try_from(most.as_micros()).unwrap_or(usize::MAX);
        Duration::from_micros(self.below(micros) as u64)
    }
}
