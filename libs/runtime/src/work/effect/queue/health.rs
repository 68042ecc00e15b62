//! Whether a part of the outside world takes anything now, and when it is asked again. No Kafka, no clock, no I/O: time
//! is passed in.
//!
//! A part that failed a few times in a row is *closed*: its records wait, which costs them no attempt, and one of them
//! is tried now and then, whether or not it is due. The longer the part has been away, the rarer: a fifteenth of that
//! time, between 20 seconds and 5 minutes. So what waits goes out soon after the part is back, and a part that is away
//! for a day is not asked more than some hundred times.

use crate::commit_policy::Moment;
use std::time::Duration;

/// This many failures in a row close a part.
const CLOSES: u32 = 3;
/// How soon a part that fails is asked again, at the earliest and at the latest.
const SOONEST: Duration = Duration::from_secs(20);
const LATEST: Duration = Duration::from_mins(5);
/// Which share of the time it has been away.
const SHARE: u32 = 15;

/// What may be begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admits {
    /// Nothing.
    Nothing,
    /// What is due.
    Due,
    /// One record, due or not, to find out whether the part is back.
    Probe,
}

/// See the module.
#[derive(Debug, Clone, Default)]
pub(super) struct Health {
    failing: Option<Failing>,
    /// Until then nothing is tried at all.
    rests_until: Moment,
}

#[derive(Debug, Clone, Copy)]
struct Failing {
    since: Moment,
    failures: u32,
    probe: Moment,
}

impl Health {
    /// What may be begun while this many records of the part are performed.
    pub(super) fn admits(&self, now: Moment, performing: usize) -> Admits {
        if now < self.rests_until {
            return Admits::Nothing;
        }
        match self.failing {
            None => Admits::Due,
            Some(failing) if performing == 0 && now >= failing.probe => Admits::Probe,
            Some(failing) if failing.failures < CLOSES => Admits::Due,
            Some(_) => Admits::Nothing,
        }
    }

    /// An attempt failed, and another record's would have too; nothing is tried for `rest`.
    pub(super) fn failed(&mut self, now: Moment, rest: Duration) {
        let known = self.failing;
        let since = known.map_or(now, |failing| failing.since);
        let wait = (now.saturating_sub(since) / SHARE).clamp(SOONEST, LATEST);
        self.failing = Some(Failing {
            since,
            failures: known.map_or(0, |failing| failing.failures).saturating_add(1),
            probe: now + wait.max(rest),
        });
        self.rest(now + rest);
    }

    /// Nothing is tried until then.
    pub(super) fn rest(&mut self, until: Moment) {
        self.rests_until = self.rests_until.max(until);
    }

    /// It is known from before that something failed; what came of it since is not.
    pub(super) fn suspect(&mut self, now: Moment) {
        let failing = Failing {
            since: now,
            failures: 1,
            probe: now + SOONEST,
        };
        self.failing.get_or_insert(failing);
    }

    /// An attempt succeeded. Says whether the part was closed, so that those that wait may go out.
    pub(super) fn succeeded(&mut self) -> bool {
        let failing = self.failing.take();
        failing.is_some_and(|failing| failing.failures >= CLOSES)
    }

    /// Whether it is closed.
    pub(super) fn is_closed(&self) -> bool {
        self.failing.is_some_and(|failing| failing.failures >= CLOSES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Moment {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_part_that_fails_again_and_again_is_asked_rarely_and_opens_at_the_first_success() {
        let mut health = Health::default();
        for second in 0..2 {
            health.failed(at(second), Duration::ZERO);
            assert_eq!(health.admits(at(second), 0), Admits::Due);
        }
        health.failed(at(2), Duration::ZERO);
        assert!(health.is_closed());
        assert_eq!(health.admits(at(21), 0), Admits::Nothing);
        assert_eq!(health.admits(at(22), 0), Admits::Probe);
        assert_eq!(health.admits(at(22), 1), Admits::Nothing, "one at a time");
        assert!(health.succeeded());
        assert_eq!(health.admits(at(22), 1), Admits::Due);
    }

    #[test]
    fn the_longer_it_is_away_the_rarer_it_is_asked() {
        let (mut health, mut now, mut probes) = (Health::default(), at(0), 0);
        let three_days = at(3 * 24 * 3_600);
        while now < three_days {
            if health.admits(now, 0) != Admits::Nothing {
                health.failed(now, Duration::ZERO);
                probes += 1;
            }
            now += at(1);
            if now == at(180) {
                assert!((9..15).contains(&probes), "{probes} in three minutes");
            }
        }
        assert!((800..1_000).contains(&probes), "{probes} in three days");
    }

    #[test]
    fn what_the_other_side_asks_for_is_waited_for_at_least() {
        let mut health = Health::default();
        health.failed(at(0), at(3_600));
        assert_eq!(health.admits(at(3_599), 0), Admits::Nothing);
        assert_eq!(health.admits(at(3_600), 0), Admits::Probe);
        assert!(!health.succeeded(), "one failure closes nothing");
        health.rest(at(5_000));
        health.rest(at(4_000));
        assert_eq!(health.admits(at(4_999), 0), Admits::Nothing);
        assert_eq!(health.admits(at(5_000), 9), Admits::Due);
    }

    #[test]
    fn a_single_failure_from_before_a_restart_is_followed_up_soon() {
        let mut health = Health::default();
        health.suspect(at(100));
        assert_eq!(health.admits(at(100), 0), Admits::Due);
        assert_eq!(health.admits(at(120), 0), Admits::Probe);
        health.failed(at(120), Duration::ZERO);
        health.suspect(at(121));
        assert_eq!(
            health.admits(at(139), 0),
            Admits::Due,
            "what is known better stays"
        );
    }
}
