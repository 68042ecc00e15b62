//! Timers of a task: names that come due by event time or by the wall clock. No Kafka, no clock, no I/O: what time it is
//! is told. They are a store like any other, with a changelog, so they survive a restart and die with an abort.
//!
//! Event time is told by a watermark: the greatest event time seen, less the allowed lateness. A partition that brings
//! no record for `idle_after` must not hold its windows open for ever: its watermark then follows the wall clock.
//! Whatever the wall clock moved is written down beside the timers, so that a restart does not turn it back.

use crate::store::{AnyStore, Change, Store, StoreError};
use model::Millis;
use std::collections::BTreeSet;

/// What a timer waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Clock {
    /// The watermark of the task's partition.
    EventTime,
    /// The time of day, as the process sees it.
    WallClock,
}

/// A timer that has come due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timer {
    /// What it waited for.
    pub clock: Clock,
    /// The stage's name for it.
    pub name: String,
    /// When it was to fire.
    pub due: Millis,
    /// The time of its clock when it fired.
    pub fired_at: Millis,
}

/// How far event time may lag, and how long a silent partition is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lateness {
    /// A record this much older than the newest is not yet late, ms.
    pub allowed: Millis,
    /// After this silence the watermark follows the wall clock, ms.
    pub idle_after: Millis,
    /// How far ahead of its record an event may say that it happened; beyond it, it moves the watermark no further, ms.
    pub ahead: Millis,
}

/// The timers of one task, and the two times that drive them.
#[derive(Debug)]
pub struct Timers {
    entries: Store<String, Millis>,
    /// Every timer that may be due; what the entries do not confirm is void.
    order: BTreeSet<(Clock, Millis, String)>,
    /// Taken out of the order in the open transaction.
    taken: Vec<(Clock, Millis, String)>,
    /// How many were at the savepoint.
    taken_before: usize,
    lateness: Lateness,
    watermark: Millis,
    wall: Millis,
    /// When a record last came, by the steady clock; `None` until it was told the time.
    heard: Option<Millis>,
}

/// The names under which the two times stand among the timers; a timer's own begins with its clock.
const WATERMARK: &str = "watermark";
const WALL: &str = "wall";

impl Timers {
    /// No timers, under this store's name.
    pub fn new(name: &'static str, lateness: Lateness) -> Self {
        Self {
            entries: Store::new(name),
            order: BTreeSet::new(),
            taken: Vec::new(),
            taken_before: 0,
            lateness,
            watermark: Millis::MIN,
            wall: Millis::MIN,
            heard: None,
        }
    }

    /// Sets how far event time may lag from now on, and how long a silent partition is waited for.
    pub fn set_lateness(&mut self, lateness: Lateness) {
        self.lateness = lateness;
    }

    /// Sets a timer, in the place of the one of the same clock and name.
    pub fn set(&mut self, clock: Clock, name: &str, due: Millis) {
        self.entries.put(key(clock, name), due);
        self.order.insert((clock, due, name.to_owned()));
    }

    /// Takes a timer back.
    pub fn cancel(&mut self, clock: Clock, name: &str) {
        self.entries.delete(key(clock, name));
    }

    /// When a timer is due; `None` where it is not set.
    pub fn due(&self, clock: Clock, name: &str) -> Option<Millis> {
        self.entries.get(&key(clock, name)).copied()
    }

    /// The watermark: no record with an event time up to this is waited for any more. The beginning of time until the
    /// first record came.
    pub fn watermark(&self) -> Millis {
        self.watermark
    }

    /// Whether a record of this event time comes too late.
    pub fn is_late(&self, event_time: Millis) -> bool {
        event_time <= self.watermark()
    }

    /// A record of this event time was applied, which was written at `written`.
    pub fn observe(&mut self, event_time: Millis, written: Millis) {
        let known = event_time.min(written.saturating_add(self.lateness.ahead));
        self.raise(known.saturating_sub(self.lateness.allowed));
    }

    /// It is `wall` by the wall clock, which never goes back here, and `steady` by a clock that nobody sets, from any
    /// beginning: a wall clock that is set ahead makes no partition silent. `heard` says whether a record came since the
    /// last call. Says whether a timer is due now.
    pub fn tell_time(&mut self, wall: Millis, steady: Millis, heard: bool) -> bool {
        let wall = wall.max(self.wall);
        if heard || self.heard.is_none() {
            self.heard = Some(steady);
        }
        let silence = steady.saturating_sub(self.heard.unwrap_or(steady));
        if self.watermark != Millis::MIN && silence > self.lateness.idle_after {
            let followed = wall.saturating_sub(self.lateness.idle_after + self.lateness.allowed);
            // Written down only when a timer needs it: a silent partition must not write for ever.
            if self
                .first_due(Clock::EventTime)
                .is_some_and(|due| due <= followed)
            {
                self.raise(followed);
            }
        }
        let due = |clock, now| self.first_due(clock).is_some_and(|due| due <= now);
        due(Clock::EventTime, self.watermark) || due(Clock::WallClock, wall)
    }

    /// The timers that are due, in the order of their times; they are no more. `wall` is told when the wall clock may
    /// fire as well.
    pub fn take_due(&mut self, wall: Option<Millis>) -> Vec<Timer> {
        let mut due = self.take(Clock::EventTime, self.watermark());
        if let Some(wall) = wall {
            let wall = wall.max(self.wall);
            let fired = self.take(Clock::WallClock, wall);
            if !fired.is_empty() {
                self.wall = wall;
                self.entries.put(WALL.to_owned(), wall);
            }
            due.extend(fired);
        }
        due
    }

    fn first_due(&self, clock: Clock) -> Option<Millis> {
        let from = (clock, Millis::MIN, String::new());
        let (found, due, _) = self.order.range(from..).next()?;
        (*found == clock).then_some(*due)
    }

    fn take(&mut self, clock: Clock, now: Millis) -> Vec<Timer> {
        let mut due = Vec::new();
        loop {
            let from = (clock, Millis::MIN, String::new());
            let Some(first) = self.order.range(from..).next().cloned() else {
                return due;
            };
            if first.0 != clock || first.1 > now {
                return due;
            }
            self.order.remove(&first);
            let key = key(clock, &first.2);
            if self.entries.get(&key) == Some(&first.1) {
                self.entries.delete(key);
                due.push(Timer {
                    clock,
                    name: first.2.clone(),
                    due: first.1,
                    fired_at: now,
                });
            }
            self.taken.push(first);
        }
    }

    fn raise(&mut self, watermark: Millis) {
        if watermark > self.watermark {
            self.watermark = watermark;
            self.entries.put(WATERMARK.to_owned(), watermark);
        }
    }

    /// The two times, as the entries have them.
    fn recall(&mut self) {
        self.watermark = self.stored(WATERMARK);
        self.wall = self.stored(WALL);
    }

    fn stored(&self, name: &str) -> Millis {
        self.entries.get(&name.to_owned()).copied().unwrap_or(Millis::MIN)
    }
}

fn key(clock: Clock, name: &str) -> String {
    match clock {
        Clock::EventTime => format!("event:{name}"),
        Clock::WallClock => format!("clock:{name}"),
    }
}

fn parse(key: &str) -> Option<(Clock, String)> {
    let (clock, name) = key.split_once(':')?;
    let clock = match clock {
        "event" => Clock::EventTime,
        "clock" => Clock::WallClock,
        _ => return None,
    };
    Some((clock, name.to_owned()))
}

impl AnyStore for Timers {
    fn name(&self) -> &'static str {
        self.entries.name()
    }

    fn restore(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<(), StoreError> {
        self.entries.restore(key, value)?;
        let text = String::from_utf8_lossy(key).into_owned();
        self.recall();
        if let (Some((clock, name)), Some(due)) = (parse(&text), self.entries.get(&text)) {
            self.order.insert((clock, *due, name));
        }
        Ok(())
    }

    fn changes(&mut self, show: &mut dyn FnMut(Change<'_>)) -> Result<(), StoreError> {
        self.entries.changes(show)
    }

    fn commit(&mut self) {
        self.entries.commit();
        self.taken.clear();
    }

    /// What was taken is due again; what was set is void, which its entry tells when its turn comes.
    fn abort(&mut self) {
        self.entries.abort();
        self.recall();
        self.order.extend(std::mem::take(&mut self.taken));
    }

    fn savepoint(&mut self) {
        self.entries.savepoint();
        self.taken_before = self.taken.len();
    }

    /// As for an abort, but only what came after the savepoint.
    fn rollback(&mut self) {
        self.entries.rollback();
        self.recall();
        let kept = self.taken_before.min(self.taken.len());
        self.order.extend(self.taken.drain(kept..));
    }

    fn changes_since_savepoint(&mut self, show: &mut dyn FnMut(Change<'_>)) -> Result<(), StoreError> {
        self.entries.changes_since_savepoint(show)
    }

    fn len(&self) -> usize {
        self.entries.len()
    }

    fn advance(&mut self, _: Millis) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    const LATENESS: Lateness = Lateness {
        allowed: 10,
        idle_after: 1_000,
        ahead: 100,
    };

    #[test]
    fn timers_are_written_as_they_always_were() {
        let mut timers = Timers::new("timers", LATENESS);
        timers.set(Clock::WallClock, "retry", 1_700_000_000_000);
        let versions = [include_str!("../tests/golden/timers.v1.hex")];
        let none = || Timers::new("timers", LATENESS);
        assert_eq!(crate::golden(timers, none, &versions), Ok(()));
    }

    fn names(due: &[Timer]) -> Vec<&str> {
        due.iter().map(|timer| timer.name.as_str()).collect()
    }

    fn restarted(timers: &mut Timers, log: &mut Vec<(Vec<u8>, Option<Vec<u8>>)>) -> Timers {
        timers
            .changes(&mut |(key, value)| log.push((key.to_vec(), value.map(<[u8]>::to_vec))))
            .unwrap();
        timers.commit();
        let mut copy = Timers::new("timers", LATENESS);
        for (key, value) in log {
            copy.restore(key, value.as_deref()).unwrap();
        }
        copy
    }

    #[test]
    fn event_time_fires_in_order_once_the_watermark_passes() {
        let mut timers = Timers::new("timers", LATENESS);
        timers.set(Clock::EventTime, "b", 200);
        timers.set(Clock::EventTime, "a", 100);
        timers.observe(109, 109);
        assert!(timers.take_due(None).is_empty(), "ten are allowed");
        timers.observe(500, 500);
        assert_eq!(names(&timers.take_due(None)), ["a", "b"]);
        assert!(timers.take_due(None).is_empty());
        assert!(timers.is_late(490) && !timers.is_late(491));
    }

    #[test]
    fn one_event_from_the_future_does_not_make_the_next_ones_late() {
        let mut timers = Timers::new("timers", LATENESS);
        timers.set(Clock::EventTime, "window", 5_000);
        timers.observe(i64::MAX, 1_000);
        assert_eq!(timers.watermark(), 1_090);
        assert!(timers.take_due(None).is_empty() && !timers.is_late(1_091));
    }

    #[test]
    fn a_timer_that_is_set_again_or_taken_back_does_not_fire_at_its_old_time() {
        let mut timers = Timers::new("timers", LATENESS);
        timers.set(Clock::EventTime, "a", 100);
        timers.set(Clock::EventTime, "a", 300);
        timers.set(Clock::EventTime, "b", 100);
        timers.cancel(Clock::EventTime, "b");
        timers.observe(210, 210);
        assert!(timers.take_due(None).is_empty());
        timers.observe(400, 400);
        assert_eq!(names(&timers.take_due(None)), ["a"]);
    }

    #[test]
    fn a_silent_partition_does_not_hold_its_windows_open() {
        let mut timers = Timers::new("timers", LATENESS);
        timers.set(Clock::EventTime, "window", 5_000);
        timers.observe(4_000, 4_000);
        timers.tell_time(10_000, 0, true);
        timers.tell_time(11_000, 1_000, false);
        assert!(timers.take_due(None).is_empty());
        timers.tell_time(11_001, 1_001, false);
        assert_eq!(names(&timers.take_due(None)), ["window"]);
    }

    #[test]
    fn a_wall_clock_that_is_set_ahead_makes_no_partition_silent() {
        let mut timers = Timers::new("timers", LATENESS);
        timers.set(Clock::EventTime, "window", 5_000);
        timers.observe(4_000, 4_000);
        timers.tell_time(10_000, 0, true);
        assert!(!timers.tell_time(3_000_000, 999, false));
        assert!(timers.tell_time(3_000_000, 1_001, false));
    }

    #[test]
    fn an_abort_gives_back_and_a_restart_remembers() {
        let mut log = Vec::new();
        let mut timers = Timers::new("timers", LATENESS);
        timers.set(Clock::WallClock, "retry", 50);
        let mut timers = restarted(&mut timers, &mut log);
        assert_eq!(names(&timers.take_due(Some(60))), ["retry"]);
        timers.abort();
        assert_eq!(names(&timers.take_due(Some(60))), ["retry"]);
        let mut timers = restarted(&mut timers, &mut log);
        assert!(timers.take_due(Some(99)).is_empty());
    }

    #[test]
    fn a_rollback_gives_back_what_fired_since_the_savepoint() {
        let mut timers = Timers::new("timers", LATENESS);
        timers.set(Clock::EventTime, "a", 50);
        timers.set(Clock::EventTime, "b", 100);
        timers.observe(80, 80);
        assert_eq!(names(&timers.take_due(None)), ["a"]);
        timers.savepoint();
        timers.observe(300, 300);
        timers.set(Clock::EventTime, "c", 200);
        assert_eq!(names(&timers.take_due(None)), ["b", "c"]);
        timers.rollback();
        assert_eq!(timers.watermark(), 70);
        timers.observe(300, 300);
        assert_eq!(names(&timers.take_due(None)), ["b"], "c was never set");
    }

    #[test]
    fn a_wall_clock_that_is_turned_back_turns_nothing_back() {
        let mut timers = Timers::new("timers", LATENESS);
        timers.set(Clock::WallClock, "a", 100);
        assert_eq!(
            timers.take_due(Some(200)).first().map(|timer| timer.fired_at),
            Some(200)
        );
        timers.set(Clock::WallClock, "b", 150);
        let fired = timers.take_due(Some(120));
        assert_eq!(
            fired.first().map(|timer| timer.fired_at),
            Some(200),
            "it stays 200"
        );
    }
}
