//! When a source is polled, and what became of it so far. No Kafka, no clock, no I/O: time is passed in.

use std::time::Duration;

use model::{Millis, SourceAction, SourceCommand};
use serde::{Deserialize, Serialize};

/// Longest wait after failures in a row, where `every` is shorter.
const LONGEST_BACKOFF: Duration = Duration::from_hours(1);
/// A source that is in nobody's settings is looked for this often.
const LOOK_AGAIN: Duration = Duration::from_mins(1);
/// A source that is in nobody's settings for so long is forgotten.
const FORGET_AFTER: Millis = 30 * 24 * 60 * 60 * 1000;
/// Longest text of an error that is kept, in characters.
const SHOWN: usize = 300;

/// How a source fares; what `sluicebox sources list` shows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Poll {
    /// The place of the command that was obeyed last.
    pub(crate) obeyed: Option<i64>,
    /// Of which settings it is.
    pub(crate) settings: u64,
    /// Who paused it, why and when.
    pub paused: Option<Paused>,
    /// Why it is not polled until somebody changes its settings or resumes it.
    pub stopped: Option<String>,
    /// When it was asked last.
    pub polled_at: Option<Millis>,
    /// When it answered last.
    pub answered_at: Option<Millis>,
    /// When it is asked next.
    pub next_at: Option<Millis>,
    /// How long was to be waited until then when that was decided.
    pub(crate) planned_ms: u64,
    /// Polls in vain, in a row.
    pub failures: u32,
    /// Why the last one was in vain, or what was odd about it.
    pub error: Option<String>,
    /// Pages of the poll that is under way.
    pub(crate) pages: u32,
    /// Requests so far.
    pub requests: u64,
    /// Those among them that were answered with "nothing changed".
    pub unchanged: u64,
    /// Items that became events.
    pub items: u64,
    /// Items that were refused.
    pub refused: u64,
    /// Why the last one was.
    pub refusal: Option<String>,
    /// When the last item came.
    pub last_item_at: Option<Millis>,
    /// Its id.
    pub last_item: Option<String>,
    /// How many requests the other side still allows, as it said last.
    pub budget: Option<u64>,
    /// Since when no settings have it.
    pub(crate) unknown_since: Option<Millis>,
}

/// A pause.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Paused {
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
    /// Since when.
    pub since: Millis,
}

/// What is to be done with a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It is to be asked.
    Poll,
    /// Nothing, for so long.
    Rest(Duration),
}

/// What obeying a command asks of the cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Obeyed {
    /// Nothing.
    Nothing,
    /// It is to be forgotten.
    Forget,
}

impl Poll {
    /// A command that stands at this offset; it is obeyed once, however often its source is polled because of it.
    pub(crate) fn obey(&mut self, command: &SourceCommand, offset: i64) -> Obeyed {
        if self.obeyed == Some(offset) {
            return Obeyed::Nothing;
        }
        self.obeyed = Some(offset);
        match command.action {
            SourceAction::Announce => {}
            SourceAction::Pause => {
                self.paused.get_or_insert_with(|| Paused {
                    by: command.by.clone(),
                    reason: command.reason.clone(),
                    since: command.time,
                });
            }
            SourceAction::Resume => {
                (self.paused, self.stopped) = (None, None);
                self.next_at = None;
            }
            SourceAction::Poll => self.next_at = None,
            SourceAction::Rewind => {
                self.next_at = None;
                return Obeyed::Forget;
            }
        }
        Obeyed::Nothing
    }

    /// The settings have it, with this fingerprint; others begin anew where those before stopped.
    pub(crate) fn configured(&mut self, settings: u64) {
        self.unknown_since = None;
        if self.settings != settings {
            self.settings = settings;
            self.stopped = None;
            self.next_at = None;
            self.failures = 0;
        }
    }

    /// No settings have it: how long to wait, or nothing if it is to be forgotten.
    pub(crate) fn unconfigured(&mut self, now: Millis) -> Option<Duration> {
        let since = *self.unknown_since.get_or_insert(now);
        self.next_at = None;
        (now.saturating_sub(since) < FORGET_AFTER).then_some(LOOK_AGAIN)
    }

    /// What is to be done now. A clock that was set back makes no wait longer than it was planned.
    pub fn turn(&self, now: Millis, every: Duration) -> Turn {
        if self.paused.is_some() || self.stopped.is_some() {
            return Turn::Rest(every.max(LOOK_AGAIN));
        }
        let left = self.next_at.map_or(0, |next| next.saturating_sub(now));
        let left = u64::try_from(left).unwrap_or_default().min(self.planned_ms);
        match left {
            0 => Turn::Poll,
            left => Turn::Rest(Duration::from_millis(left)),
        }
    }

    /// A page came. `more` says that the poll goes on; gives how long until it does, or until the next one.
    pub(crate) fn answered(&mut self, now: Millis, more: bool, pacing: &Pacing) -> Duration {
        self.asked(now);
        self.answered_at = Some(now);
        self.failures = 0;
        self.pages += 1;
        let goes_on = more && self.pages < pacing.max_pages;
        let own = if goes_on {
            Duration::ZERO
        } else {
            self.pages = 0;
            pacing.every
        };
        let due = after(now, own.max(pacing.wait));
        let due = if goes_on { due } else { due.max(pacing.polite_at) };
        self.plan(now, due)
    }

    /// No page came; gives how long until the next try. `chance` is 0 to 1, so that many do not come back at once.
    pub(crate) fn failed(
        &mut self,
        now: Millis,
        why: &str,
        wait: Option<Duration>,
        every: Duration,
        chance: f64,
    ) -> Duration {
        self.asked(now);
        self.failures = self.failures.saturating_add(1);
        self.pages = 0;
        self.error = Some(why.chars().take(SHOWN).collect());
        let doublings = self.failures.saturating_sub(1).min(16);
        let backoff = every
            .saturating_mul(1 << doublings)
            .min(LONGEST_BACKOFF.max(every));
        let jitter = backoff.mul_f64(0.1 * chance.clamp(0.0, 1.0));
        let wait = (backoff + jitter).max(wait.unwrap_or_default());
        self.plan(now, after(now, wait))
    }

    /// It is gone for good.
    pub(crate) fn stop(&mut self, now: Millis, why: &str) {
        self.asked(now);
        self.pages = 0;
        self.next_at = None;
        self.stopped = Some(why.chars().take(SHOWN).collect());
    }

    fn asked(&mut self, now: Millis) {
        self.polled_at = Some(now);
        self.requests += 1;
        self.error = None;
    }

    fn plan(&mut self, now: Millis, due: Millis) -> Duration {
        self.next_at = Some(due);
        self.planned_ms = u64::try_from(due.saturating_sub(now)).unwrap_or_default();
        Duration::from_millis(self.planned_ms)
    }
}

/// What bounds a poll, and what the other side asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pacing {
    pub(crate) every: Duration,
    pub(crate) max_pages: u32,
    /// How long the other side wants to be left alone.
    pub(crate) wait: Duration,
    /// From when on it wants to be asked again.
    pub(crate) polite_at: Millis,
}

/// So long after a time.
pub(crate) fn after(now: Millis, wait: Duration) -> Millis {
    now.saturating_add(Millis::try_from(wait.as_millis()).unwrap_or(Millis::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);
    const PACING: Pacing = Pacing {
        every: MINUTE,
        max_pages: 3,
        wait: Duration::ZERO,
        polite_at: 0,
    };

    fn command(action: SourceAction) -> SourceCommand {
        SourceCommand {
            source: "news".to_owned(),
            action,
            time: 5,
            reason: "quiet".to_owned(),
            by: "ann".to_owned(),
        }
    }

    #[test]
    fn pages_follow_each_other_up_to_the_bound_and_then_rest() {
        let mut poll = Poll::default();
        assert_eq!(poll.turn(0, MINUTE), Turn::Poll);
        assert_eq!(poll.answered(0, true, &PACING), Duration::ZERO);
        assert_eq!(poll.answered(1, true, &PACING), Duration::ZERO);
        assert_eq!(poll.answered(2, true, &PACING), MINUTE, "three are enough");
        assert_eq!(poll.turn(30_002, MINUTE), Turn::Rest(Duration::from_secs(30)));
        assert_eq!(poll.turn(60_002, MINUTE), Turn::Poll);
        assert_eq!(poll.answered(60_002, false, &PACING), MINUTE);
    }

    #[test]
    fn what_the_other_side_asks_for_makes_waits_longer_and_never_shorter() {
        let mut poll = Poll::default();
        let asked = |wait| Pacing { wait, ..PACING };
        assert_eq!(
            poll.answered(0, true, &asked(2 * MINUTE)),
            2 * MINUTE,
            "between pages too"
        );
        assert_eq!(poll.answered(0, false, &asked(Duration::ZERO)), MINUTE);
        let polite = Pacing {
            polite_at: 3_600_000,
            ..PACING
        };
        assert_eq!(poll.answered(0, false, &polite), Duration::from_hours(1));
        assert_eq!(poll.failed(0, "busy", Some(5 * MINUTE), MINUTE, 0.0), 5 * MINUTE);
    }

    #[test]
    fn failures_in_a_row_are_left_alone_for_longer_and_an_answer_forgives() {
        let mut poll = Poll::default();
        let waits = [1, 2, 4, 8, 16, 32, 60, 60].map(|minutes| minutes * MINUTE);
        for wait in waits {
            assert_eq!(poll.failed(0, "busy", None, MINUTE, 0.0), wait);
        }
        assert_eq!((poll.failures, poll.error.as_deref()), (8, Some("busy")));
        poll.answered(0, false, &PACING);
        assert_eq!((poll.failures, &poll.error), (0, &None));
        let day = Duration::from_hours(24);
        assert_eq!(
            poll.failed(0, "busy", None, day, 0.0),
            day,
            "not more often than configured"
        );
    }

    #[test]
    fn a_clock_that_is_set_back_holds_nothing_up() {
        let mut poll = Poll::default();
        poll.answered(1_000_000_000, false, &PACING);
        assert_eq!(poll.turn(0, MINUTE), Turn::Rest(MINUTE));
    }

    #[test]
    fn a_command_is_obeyed_once() {
        let mut poll = Poll::default();
        poll.obey(&command(SourceAction::Pause), 3);
        assert_eq!(poll.turn(0, MINUTE), Turn::Rest(MINUTE));
        poll.obey(&command(SourceAction::Announce), 4);
        assert!(poll.paused.is_some(), "a process that starts resumes nothing");
        poll.obey(&command(SourceAction::Resume), 5);
        assert_eq!(poll.turn(0, MINUTE), Turn::Poll);
        poll.answered(0, false, &PACING);
        poll.obey(&command(SourceAction::Resume), 5);
        assert_eq!(poll.turn(0, MINUTE), Turn::Rest(MINUTE));
        assert_eq!(poll.obey(&command(SourceAction::Rewind), 6), Obeyed::Forget);
        assert_eq!(poll.turn(0, MINUTE), Turn::Poll);
    }

    #[test]
    fn what_is_gone_rests_until_its_settings_change() {
        let mut poll = Poll::default();
        poll.configured(1);
        poll.stop(0, "410");
        assert_eq!(poll.turn(9, MINUTE), Turn::Rest(MINUTE));
        poll.configured(1);
        assert!(poll.stopped.is_some());
        poll.configured(2);
        assert_eq!(poll.turn(9, MINUTE), Turn::Poll);
    }

    #[test]
    fn what_nobody_has_is_forgotten_after_a_month() {
        let mut poll = Poll::default();
        assert_eq!(poll.unconfigured(0), Some(LOOK_AGAIN));
        assert_eq!(poll.unconfigured(FORGET_AFTER), None);
        poll.configured(0);
        assert_eq!(poll.unconfigured(FORGET_AFTER), Some(LOOK_AGAIN));
    }
}
