//! How much a caller may send: buckets of events and of bytes. Time is given, not read. No I/O.

use std::collections::HashMap;
use std::time::Duration;

use model::Millis;

/// Most that is sent within a second, in the long run; without a number it is not limited.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rate {
    /// Events a second.
    pub events_per_s: Option<u64>,
    /// Bytes of bodies a second.
    pub bytes_per_s: Option<u64>,
}

/// Callers of which a bucket is kept; beyond them, full buckets are forgotten, which changes nothing.
const MOST_CALLERS: usize = 10_000;

/// What each caller has left. A bucket holds what one second brings. A request is let in while anything is left and
/// may leave a debt, so that a batch larger than a second's worth gets through and is paid for by waiting.
#[derive(Debug, Default)]
pub struct Allowances(HashMap<String, [Bucket; 2]>);

#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: f64,
    at: Millis,
}

impl Bucket {
    fn filled(&mut self, per_s: u64, now: Millis) {
        let passed = now.saturating_sub(self.at).max(0) as f64 / 1000.0;
        self.left = (self.left + passed * per_s as f64).min(per_s as f64);
        self.at = now;
    }

    fn wait(&self, per_s: u64) -> Option<Duration> {
        let missing = 1.0 - self.left;
        (missing > 0.0).then(|| Duration::from_secs_f64((missing / per_s.max(1) as f64).min(3600.0)))
    }
}

impl Allowances {
    /// Takes `events` and `bytes` from what `caller` has left, or says how long to wait.
    pub fn take(
        &mut self,
        caller: &str,
        rate: Rate,
        (events, bytes): (u64, u64),
        now: Millis,
    ) -> Result<(), Duration> {
        if rate == Rate::default() {
            return Ok(());
        }
        if !self.0.contains_key(caller) {
            self.forget_if_many(now);
        }
        let full = [rate.events_per_s, rate.bytes_per_s].map(|per_s| Bucket {
            left: per_s.unwrap_or_default() as f64,
            at: now,
        });
        let buckets = self.0.entry(caller.to_owned()).or_insert(full);
        let limits = [(rate.events_per_s, events), (rate.bytes_per_s, bytes)];
        let mut wait = None;
        for (bucket, (per_s, wanted)) in buckets.iter_mut().zip(limits) {
            let Some(per_s) = per_s else { continue };
            bucket.filled(per_s, now);
            // Nothing wanted of a bucket: its debt is for whoever wants some.
            wait = wait.max(bucket.wait(per_s).filter(|_| wanted > 0));
        }
        if let Some(wait) = wait {
            return Err(wait);
        }
        for (bucket, (_, wanted)) in buckets.iter_mut().zip(limits) {
            bucket.left -= wanted as f64;
        }
        Ok(())
    }

    /// Whoever has sent nothing for an hour owes nothing.
    fn forget_if_many(&mut self, now: Millis) {
        if self.0.len() >= MOST_CALLERS {
            let hour = 3_600_000;
            self.0
                .retain(|_, buckets| buckets.iter().any(|bucket| now.saturating_sub(bucket.at) < hour));
        }
        if self.0.len() >= MOST_CALLERS {
            self.0.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEN: Rate = Rate {
        events_per_s: Some(10),
        bytes_per_s: None,
    };

    #[test]
    fn a_second_brings_what_the_rate_says() {
        let mut allowances = Allowances::default();
        for _ in 0..10 {
            assert_eq!(allowances.take("a", TEN, (1, 9), 0), Ok(()));
        }
        let wait = allowances.take("a", TEN, (1, 9), 0).unwrap_err();
        assert_eq!(wait, Duration::from_millis(100));
        assert_eq!(allowances.take("b", TEN, (1, 9), 0), Ok(()), "another caller's");
        assert_eq!(allowances.take("a", TEN, (1, 9), 100), Ok(()));
        assert!(allowances.take("a", TEN, (1, 9), 150).is_err());
    }

    #[test]
    fn a_batch_beyond_a_second_is_paid_for_by_waiting() {
        let mut allowances = Allowances::default();
        assert_eq!(allowances.take("a", TEN, (1000, 0), 0), Ok(()));
        assert_eq!(
            allowances.take("a", TEN, (1, 0), 0),
            Err(Duration::from_millis(99_100))
        );
        assert_eq!(allowances.take("a", TEN, (1, 0), 99_100), Ok(()));
    }

    #[test]
    fn bytes_have_a_bucket_of_their_own_and_a_clock_set_back_takes_nothing() {
        let rate = Rate {
            events_per_s: None,
            bytes_per_s: Some(100),
        };
        let mut allowances = Allowances::default();
        assert_eq!(allowances.take("a", rate, (1, 100), 1000), Ok(()));
        assert!(allowances.take("a", rate, (1, 1), 0).is_err());
        assert_eq!(allowances.take("a", rate, (5, 0), 0), Ok(()), "no bytes wanted");
        assert_eq!(allowances.take("a", rate, (1, 1), 20), Ok(()));
    }

    #[test]
    fn the_table_is_bounded() {
        let mut allowances = Allowances::default();
        for number in 0..3 * MOST_CALLERS {
            let _ = allowances.take(&number.to_string(), TEN, (1, 0), 0);
        }
        assert!(allowances.0.len() <= MOST_CALLERS);
    }
}
