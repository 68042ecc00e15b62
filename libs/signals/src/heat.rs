//! How many events a signal got of late: counts a minute of its last hour, in event time. No I/O.

use model::{Millis, MinuteCount, Signal};
use serde::{Deserialize, Serialize};

const MINUTE: Millis = 60_000;
/// Minutes that are kept: the last thirty, and the thirty before.
const KEPT: i64 = 60;

/// Events by minute, oldest first, up to the latest event.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heat(Vec<MinuteCount>);

impl Heat {
    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The counts, as another stage is told of them.
    pub fn counts(&self) -> &[MinuteCount] {
        &self.0
    }

    /// What another stage told of, in any order.
    pub fn of(counts: &[MinuteCount]) -> Self {
        let mut heat = Self::default();
        for count in counts {
            heat.add(*count);
        }
        heat
    }

    /// Counts an event of this time.
    pub(crate) fn count(&mut self, time: Millis) {
        self.add(MinuteCount {
            minute: time.div_euclid(MINUTE),
            events: 1,
        });
    }

    /// Adds what was counted elsewhere.
    pub(crate) fn fold(&mut self, other: &Self) {
        for count in &other.0 {
            self.add(*count);
        }
    }

    /// Older minutes than the kept ones count nothing, whenever they come.
    fn add(&mut self, more: MinuteCount) {
        let newest = self
            .0
            .last()
            .map_or(more.minute, |last| last.minute.max(more.minute));
        let oldest = newest.saturating_sub(KEPT - 1);
        self.0.retain(|count| count.minute >= oldest);
        if more.minute < oldest {
            return;
        }
        match self.0.binary_search_by_key(&more.minute, |count| count.minute) {
            Ok(at) => self.0[at].events = self.0[at].events.saturating_add(more.events),
            Err(at) => self.0.insert(at, more),
        }
    }

    /// Events of so many minutes, the last of which is `skipped` minutes before the latest event.
    fn events(&self, minutes: i64, skipped: i64) -> i64 {
        let Some(newest) = self.0.last().map(|last| last.minute) else {
            return 0;
        };
        let last = newest.saturating_sub(skipped);
        let within =
            |count: &&MinuteCount| count.minute <= last && count.minute > last.saturating_sub(minutes);
        self.0.iter().filter(within).map(|count| count.events).sum()
    }

    /// How many more events a minute these last minutes had than as many before them.
    #[expect(clippy::cast_precision_loss, reason = "counts of an hour")]
    fn slope(&self, minutes: i64) -> f64 {
        (self.events(minutes, 0) - self.events(minutes, minutes)) as f64 / minutes as f64
    }

    /// Writes down what the signal says of it.
    pub(crate) fn tell(&self, signal: &mut Signal) {
        signal.heat_10m = self.events(10, 0);
        signal.heat_30m = self.events(30, 0);
        signal.slope_10m = self.slope(10);
        signal.slope_30m = self.slope(30);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn heat(minutes: &[i64]) -> Heat {
        let mut heat = Heat::default();
        for minute in minutes {
            heat.count(minute * MINUTE + 59_999);
        }
        heat
    }

    fn told(minutes: &[i64]) -> (i64, i64, f64, f64) {
        let mut signal = Signal::default();
        heat(minutes).tell(&mut signal);
        (
            signal.heat_10m,
            signal.heat_30m,
            signal.slope_10m,
            signal.slope_30m,
        )
    }

    #[test]
    fn ten_and_thirty_minutes_end_with_the_latest_event() {
        assert_eq!(told(&[100]), (1, 1, 0.1, 1.0 / 30.0));
        assert_eq!(told(&[91, 100, 100]), (3, 3, 0.3, 0.1), "the tenth minute counts");
        assert_eq!(told(&[90, 100, 100]), (2, 3, 0.1, 0.1), "the eleventh does not");
        assert_eq!(told(&[41, 70, 100]), (1, 1, 0.1, -1.0 / 30.0));
        assert_eq!(
            told(&[40, 41, 70, 71, 100]),
            (1, 2, 0.1, 0.0),
            "a minute of the hour before is forgotten"
        );
        assert_eq!(told(&[]), (0, 0, 0.0, 0.0));
    }

    #[test]
    fn an_hour_is_kept_and_no_time_panics() {
        let all: Vec<i64> = (0..1_000).collect();
        assert_eq!(heat(&all).0.len(), 60);
        let mut heat = Heat::default();
        for time in [i64::MIN, i64::MAX, 0, i64::MIN] {
            heat.count(time);
        }
        let _ = (heat.events(30, 30), heat.slope(30));
    }

    proptest! {
        /// In any order, and counted in parts or at once.
        #[test]
        fn parts_add_up(minutes in prop::collection::vec(0..200_i64, 0..60), cut in 0..60_usize) {
            let (one, other) = minutes.split_at(cut.min(minutes.len()));
            let mut sum = heat(other);
            sum.fold(&heat(one));
            prop_assert_eq!(&sum, &heat(&minutes));
            prop_assert_eq!(Heat::of(sum.counts()), sum);
        }
    }
}
