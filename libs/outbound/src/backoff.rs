//! How long to wait before the next attempt: exponential with full jitter. No clock; chance is passed in.
//!
//! <https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>: full jitter spreads those who failed
//! together the most.

use std::time::Duration;

/// A schedule of waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// Longest wait before the second attempt; doubles from there.
    pub base: Duration,
    /// Longest wait at all.
    pub cap: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self {
            base: Duration::from_millis(200),
            cap: Duration::from_secs(30),
        }
    }
}

impl Backoff {
    /// The wait after attempt number `attempt` (from 1) failed; `chance` is from 0 to 1.
    pub fn after(&self, attempt: u32, chance: f64) -> Duration {
        let doublings = attempt.saturating_sub(1).min(30);
        let longest = self.base.saturating_mul(1 << doublings).min(self.cap);
        longest.mul_f64(chance.clamp(0.0, 1.0))
    }
}

/// A number from 0 to 1 by chance, for [`Backoff::after`].
pub fn chance() -> f64 {
    rand::random()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_longest_wait_doubles_up_to_the_cap() {
        let backoff = Backoff {
            base: Duration::from_secs(1),
            cap: Duration::from_secs(5),
        };
        let longest: Vec<_> = (1..=5)
            .map(|attempt| backoff.after(attempt, 1.0).as_secs())
            .collect();
        assert_eq!(longest, [1, 2, 4, 5, 5]);
        assert_eq!(backoff.after(3, 0.0), Duration::ZERO);
    }

    proptest! {
        #[test]
        fn no_wait_is_beyond_the_cap(attempt: u32, chance in -1.0..2.0_f64, base in 0_u64..1_000_000, cap in 0_u64..1_000_000) {
            let backoff = Backoff { base: Duration::from_millis(base), cap: Duration::from_millis(cap) };
            prop_assert!(backoff.after(attempt, chance) <= backoff.cap);
        }
    }
}
