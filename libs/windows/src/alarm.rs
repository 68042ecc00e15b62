//! When a count that reached its threshold is news: once per crossing, whatever order events arrive in. No clock, no I/O.
//!
//! What is remembered are all crossings that an event to come may still belong to, not the last one alone: within the
//! allowed lateness, events of an earlier crossing may follow those of a later one.

use serde::{Deserialize, Serialize};

/// More crossings of one key are not remembered; the oldest go first.
const MOST: usize = 256;

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

/// An event that stands at or above the threshold, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reached {
    /// Time of the event.
    pub at: i64,
    /// Times of the first and the last event at which a window that it is part of reached the threshold.
    pub from: i64,
    /// See `from`.
    pub to: i64,
    /// Times of the ends of streaks before and after it.
    pub ends: (i64, i64),
}

/// The crossings that are remembered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// In the order in which they began to be known.
    #[serde(default)]
    crossings: Vec<Crossing>,
    /// Times of the events that were news, for the cooldown.
    #[serde(default)]
    told: Vec<i64>,
}

/// From when to when the threshold was reached; of a streak, from the end before it to the end behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(i64, i64, i64)", into = "(i64, i64, i64)")]
struct Crossing {
    from: i64,
    to: i64,
    /// Time of the event that began it to be known.
    mark: i64,
}

impl From<(i64, i64, i64)> for Crossing {
    fn from((from, to, mark): (i64, i64, i64)) -> Self {
        Self { from, to, mark }
    }
}

impl From<Crossing> for (i64, i64, i64) {
    fn from(crossing: Crossing) -> Self {
        (crossing.from, crossing.to, crossing.mark)
    }
}

impl Alarm {
    /// An event stands at or above the threshold: is that news? At least `cooldown_ms` lie between two pieces of news,
    /// whatever happens between.
    pub fn ring(&mut self, reached: Reached, until: Until, cooldown_ms: i64) -> bool {
        let is_known = match until {
            Until::QuietFor(quiet) => self.join(reached, quiet),
            Until::Ended => self.in_streak(reached),
            Until::Never => false,
        };
        if is_known {
            return false;
        }
        let near = |told: &i64| reached.at.abs_diff(*told) < cooldown_ms.unsigned_abs();
        if self.told.iter().any(near) {
            return false;
        }
        self.told.push(reached.at);
        true
    }

    /// Whether it belongs to a crossing that is known. Several that it joins become one.
    fn join(&mut self, reached: Reached, quiet: i64) -> bool {
        let belongs = |crossing: &Crossing| {
            reached.from < crossing.to.saturating_add(quiet)
                && crossing.from < reached.to.saturating_add(quiet)
        };
        let mut joined = Crossing {
            from: reached.from,
            to: reached.to,
            mark: reached.at,
        };
        let before = self.crossings.len();
        for crossing in self.crossings.iter().filter(|crossing| belongs(crossing)) {
            joined.from = joined.from.min(crossing.from);
            joined.to = joined.to.max(crossing.to);
        }
        self.crossings.retain(|crossing| !belongs(crossing));
        let is_known = self.crossings.len() < before;
        self.crossings.push(joined);
        is_known
    }

    fn in_streak(&mut self, reached: Reached) -> bool {
        let is_known = self
            .crossings
            .iter()
            .any(|streak| streak.from <= reached.at && reached.at < streak.to);
        if !is_known {
            self.crossings.push(Crossing {
                from: reached.ends.0,
                to: reached.ends.1,
                mark: reached.to,
            });
        }
        is_known
    }

    /// A streak ends at `at`. Of one that goes on behind it, the part that was news stays known; the other is one of its
    /// own.
    pub fn end(&mut self, at: i64) {
        for streak in &mut self.crossings {
            if streak.from <= at && at < streak.to {
                if streak.mark <= at {
                    streak.to = at;
                } else {
                    streak.from = at;
                }
            }
        }
    }

    /// Forgets what no event at or after `settled` can belong to.
    pub fn forget(&mut self, settled: i64, until: Until, cooldown_ms: i64) {
        let quiet = match until {
            Until::QuietFor(quiet) => quiet,
            Until::Ended | Until::Never => 0,
        };
        self.crossings
            .retain(|crossing| crossing.to.saturating_add(quiet) > settled);
        self.told
            .retain(|told| told.saturating_add(cooldown_ms) > settled);
        self.crossings.drain(..self.crossings.len().saturating_sub(MOST));
        self.told.drain(..self.told.len().saturating_sub(MOST));
    }

    /// From when to when crossings are known.
    pub fn spans(&self) -> impl Iterator<Item = (i64, i64)> {
        self.crossings.iter().map(|crossing| (crossing.from, crossing.to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(at: i64) -> Reached {
        Reached {
            at,
            from: at,
            to: at,
            ends: (i64::MIN, i64::MAX),
        }
    }

    fn rings(times: &[i64], until: Until, cooldown: i64) -> Vec<bool> {
        let mut alarm = Alarm::default();
        times
            .iter()
            .map(|time| alarm.ring(at(*time), until, cooldown))
            .collect()
    }

    #[test]
    fn a_crossing_that_lasts_rings_once() {
        assert_eq!(
            rings(&[0, 5, 14, 24], Until::QuietFor(10), 0),
            [true, false, false, true]
        );
    }

    #[test]
    fn an_earlier_crossing_rings_though_a_later_one_did() {
        let rings = rings(&[100, 104, 50, 54, 108, 58], Until::QuietFor(10), 0);
        assert_eq!(rings, [true, false, true, false, false, false]);
    }

    #[test]
    fn crossings_that_meet_are_one() {
        let mut alarm = Alarm::default();
        for time in [0, 15, 8] {
            alarm.ring(at(time), Until::QuietFor(10), 0);
        }
        assert_eq!(alarm.spans().collect::<Vec<_>>(), [(0, 15)]);
    }

    #[test]
    fn an_ended_streak_may_ring_again() {
        let mut alarm = Alarm::default();
        assert!(alarm.ring(at(2), Until::Ended, 0));
        assert!(!alarm.ring(at(4), Until::Ended, 0));
        alarm.end(3);
        assert!(
            !alarm.ring(at(1), Until::Ended, 0),
            "the part before the end was told"
        );
        assert!(alarm.ring(at(4), Until::Ended, 0), "the part behind it was not");
        alarm.end(0);
        assert!(
            !alarm.ring(at(1), Until::Ended, 0),
            "an end before it changes nothing"
        );
    }

    #[test]
    fn cooling_down_is_silent_in_both_directions() {
        assert_eq!(rings(&[0, 5, 10], Until::Never, 10), [true, false, true]);
        assert_eq!(rings(&[10, 5, 0], Until::Never, 10), [true, false, true]);
        assert_eq!(rings(&[i64::MAX], Until::QuietFor(i64::MAX), i64::MAX), [true]);
    }

    #[test]
    fn only_what_may_still_matter_is_remembered() {
        let mut alarm = Alarm::default();
        for time in [0, 100] {
            alarm.ring(at(time), Until::QuietFor(10), 0);
        }
        alarm.forget(50, Until::QuietFor(10), 0);
        assert_eq!(alarm.spans().collect::<Vec<_>>(), [(100, 100)]);
        for time in 0..1000 {
            alarm.ring(at(time * 1000), Until::QuietFor(1), 0);
        }
        alarm.forget(i64::MIN, Until::QuietFor(1), 0);
        assert_eq!(alarm.spans().count(), MOST);
    }
}
