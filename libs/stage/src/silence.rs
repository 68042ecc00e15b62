//! Things that end once nothing was heard of them for a time: one timer each, in event time. No Kafka, no clock, no I/O.

use crate::{Clock, Timer, Timers};
use model::Millis;

/// A timer is set anew once this share of the time has passed, not for every event.
const SHARE: Millis = 16;

/// After how long a silence something ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Silence {
    after: Millis,
}

impl Silence {
    /// After so many milliseconds of event time.
    pub const fn of(after: Millis) -> Self {
        Self { after }
    }

    /// Something of this event time was heard of `name`. What is older than the watermark counts as heard at it, so that
    /// what comes late does not end at once.
    pub fn heard(self, timers: &mut Timers, name: &str, time: Millis) {
        let due = time.max(timers.watermark()).saturating_add(self.after);
        let known = timers.due(Clock::EventTime, name);
        if known.is_none_or(|known| due.saturating_sub(known) > self.after / SHARE) {
            timers.set(Clock::EventTime, name, due);
        }
    }

    /// Whether it is over, now that its timer has come due and `last` is the event time of the latest that was heard of it;
    /// where it is not, the timer is set anew.
    pub fn is_over(self, timers: &mut Timers, timer: &Timer, last: Millis) -> bool {
        let due = last.saturating_add(self.after);
        let is_over = due <= timer.fired_at;
        if !is_over {
            timers.set(Clock::EventTime, &timer.name, due);
        }
        is_over
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Lateness;

    const SILENCE: Silence = Silence::of(1_600);

    fn timers() -> Timers {
        let lateness = Lateness {
            allowed: 0,
            idle_after: 1_000,
            ahead: 1_000_000,
        };
        Timers::new("timers", lateness)
    }

    /// What fires once the watermark is there.
    fn fired(timers: &mut Timers, watermark: Millis) -> Option<Timer> {
        timers.observe(watermark, watermark);
        timers.take_due(None).pop()
    }

    #[test]
    fn it_ends_that_long_after_the_last_was_heard() {
        let mut timers = timers();
        SILENCE.heard(&mut timers, "a", 1_000);
        SILENCE.heard(&mut timers, "a", 1_090);
        assert_eq!(
            timers.due(Clock::EventTime, "a"),
            Some(2_600),
            "not for every event"
        );
        let early = fired(&mut timers, 2_600).unwrap();
        assert!(!SILENCE.is_over(&mut timers, &early, 1_090));
        assert!(fired(&mut timers, 2_689).is_none());
        let due = fired(&mut timers, 2_690).unwrap();
        assert!(SILENCE.is_over(&mut timers, &due, 1_090));
        assert_eq!(timers.due(Clock::EventTime, "a"), None);
    }

    #[test]
    fn what_comes_late_does_not_end_at_once() {
        let mut timers = timers();
        timers.observe(1_000_000, 1_000_000);
        SILENCE.heard(&mut timers, "a", 5);
        assert!(fired(&mut timers, 1_001_599).is_none());
        let due = fired(&mut timers, 1_001_600).unwrap();
        assert!(SILENCE.is_over(&mut timers, &due, 5));
    }
}
