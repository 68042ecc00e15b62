//! When a count that reached its threshold is news: once per crossing. No clock, no I/O.

use serde::{Deserialize, Serialize};

/// When a crossing is over, so that the next is news again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// Nothing reached the threshold for this many milliseconds of event time.
    QuietFor(i64),
    /// [`Alarm::end`] is called, as the end of a streak does.
    Ended,
    /// At once: every event that reaches the threshold is news.
    Never,
}

/// What is remembered of the last crossing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// Time of the newest event that stood at or above the threshold, while the crossing lasts.
    above_at: Option<i64>,
    /// Time of the event that was news last.
    rang_at: Option<i64>,
}

impl Alarm {
    /// An event at `at` stands at or above the threshold: is that news? At least `cooldown_ms` lie between
    /// two pieces of news, whatever happens between.
    pub fn ring(&mut self, at: i64, until: Until, cooldown_ms: i64) -> bool {
        let lasting = self.above_at.is_some_and(|above| match until {
            Until::QuietFor(quiet) => at < above.saturating_add(quiet),
            Until::Ended => true,
            Until::Never => false,
        });
        self.above_at = Some(self.above_at.map_or(at, |above| above.max(at)));
        let cooling = self
            .rang_at
            .is_some_and(|rang| at < rang.saturating_add(cooldown_ms));
        if lasting || cooling {
            return false;
        }
        self.rang_at = Some(at);
        true
    }

    /// The crossing is over as of `at`, unless it went on after that.
    pub fn end(&mut self, at: i64) {
        if self.above_at.is_some_and(|above| above <= at) {
            self.above_at = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crossing_that_lasts_rings_once() {
        let mut alarm = Alarm::default();
        let rings: Vec<bool> = [0, 5, 14, 24]
            .map(|at| alarm.ring(at, Until::QuietFor(10), 0))
            .to_vec();
        assert_eq!(rings, [true, false, false, true]);
    }

    #[test]
    fn an_ended_streak_may_ring_again() {
        let mut alarm = Alarm::default();
        assert!(alarm.ring(0, Until::Ended, 0));
        assert!(!alarm.ring(1, Until::Ended, 0));
        alarm.end(0);
        assert!(!alarm.ring(2, Until::Ended, 0), "it went on after that end");
        alarm.end(3);
        assert!(alarm.ring(4, Until::Ended, 0));
    }

    #[test]
    fn cooling_down_is_silent() {
        let mut alarm = Alarm::default();
        let rings: Vec<bool> = [0, 5, 10].map(|at| alarm.ring(at, Until::Never, 10)).to_vec();
        assert_eq!(rings, [true, false, true]);
        assert!(Alarm::default().ring(i64::MAX, Until::QuietFor(i64::MAX), i64::MAX));
    }
}
