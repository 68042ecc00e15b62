//! Which held records of an effect are performed now, which wait, and for what. No Kafka, no clock, no I/O: time is
//! passed in, and whoever calls it performs.
//!
//! Of the records with the same key only the oldest is ever performed; the others wait behind it. A record that is to
//! be tried again waits without holding back other keys. Of each part a bounded number is performed at once, taken from
//! the tasks in turn; a part that fails is left alone ([`health`]). A task that holds too many records of a part is
//! named, so that its partition is paused, unless that part is closed: one that is away must hold nobody else up, so
//! what is too much of it [overflows](Queue::overflow).

mod backlog;
mod health;

#[cfg(test)]
mod parts_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod three_days;

use crate::commit_policy::Moment;
use backlog::Backlog;
use health::{Admits, Health};
use stage::{Part, Task};
use std::collections::BTreeMap;
use std::time::Duration;

/// A held record: its task, and its offset there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Held {
    pub task: Task,
    pub offset: i64,
}

/// A record that is begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Started {
    pub held: Held,
    /// Whether it was due; else it is tried to find out whether its part is back.
    pub was_due: bool,
    /// When it was due.
    pub due: Moment,
}

/// How much is done and held at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Most records of one part performed at once, over all tasks.
    pub performing: usize,
    /// Records of one task and part from which on its partition is to be paused.
    pub records: usize,
    /// Bytes of one task and part from which on its partition is to be paused.
    pub bytes: usize,
}

#[derive(Debug, Default)]
struct PartState {
    performing: usize,
    health: Health,
}

/// The held records of a lane.
#[derive(Debug)]
pub(crate) struct Queue {
    limits: Limits,
    backlogs: BTreeMap<Task, Backlog>,
    parts: BTreeMap<Part, PartState>,
    performing: usize,
    /// What was served last.
    served: Option<(Task, Part)>,
}

impl Queue {
    /// An empty queue.
    pub(crate) const fn new(limits: Limits) -> Self {
        Self {
            limits,
            backlogs: BTreeMap::new(),
            parts: BTreeMap::new(),
            performing: 0,
            served: None,
        }
    }

    /// Takes a record that is to be performed at `due` at the earliest, and not before the older ones of its key.
    /// Records of a task come in the order of their offsets; one without a key waits for no other.
    pub(crate) fn arrive(&mut self, held: Held, key: Option<&[u8]>, part: Part, bytes: usize, due: Moment) {
        let limits = self.limits;
        let backlog = self.backlogs.entry(held.task);
        let backlog = backlog.or_insert_with(|| Backlog::new(limits));
        backlog.arrive(held.offset, key, part, bytes, due);
    }

    /// How many records a task holds for a part that is closed, if it can hold no more of them.
    pub(crate) fn overflow(&self, task: Task, part: &Part) -> Option<usize> {
        if !self.is_closed(part) {
            return None;
        }
        self.backlogs.get(&task)?.filled(part)
    }

    /// The record to be performed next, if there is one and there is room; it counts as performed from then on.
    pub(crate) fn start(&mut self, now: Moment) -> Option<Started> {
        let (task, part) = self.next_in_turn(now)?;
        let (offset, due) = self.backlogs.get_mut(&task)?.start(&part)?;
        self.performing += 1;
        self.parts.entry(part.clone()).or_default().performing += 1;
        self.served = Some((task, part));
        let held = Held { task, offset };
        let was_due = due <= now;
        Some(Started { held, was_due, due })
    }

    /// The next task and part in turn of which a record may be performed.
    fn next_in_turn(&self, now: Moment) -> Option<(Task, Part)> {
        let mut first = None;
        for (task, backlog) in &self.backlogs {
            for (part, due) in backlog.due() {
                if !self.may_start(part, due, now) {
                    continue;
                }
                let after = self.served.as_ref();
                if after.is_none_or(|(last, of)| (*task, part) > (*last, of)) {
                    return Some((*task, part.clone()));
                }
                first.get_or_insert((*task, part));
            }
        }
        first.map(|(task, part)| (task, part.clone()))
    }

    fn may_start(&self, part: &Part, due: Moment, now: Moment) -> bool {
        let Some(state) = self.parts.get(part) else {
            return due <= now;
        };
        match state.health.admits(now, state.performing) {
            Admits::Nothing => false,
            Admits::Due => due <= now && state.performing < self.limits.performing,
            Admits::Probe => true,
        }
    }

    /// A performed record is settled, whatever became of it: the next one of its key may follow.
    pub(crate) fn settle(&mut self, held: Held) {
        let backlog = self.backlogs.get_mut(&held.task);
        if let Some(part) = backlog.and_then(|backlog| backlog.settle(held.offset)) {
            self.end(&part);
        }
    }

    /// A performed record succeeded, and is settled: its part takes what waits for it.
    pub(crate) fn succeed(&mut self, held: Held, now: Moment) {
        let backlog = self.backlogs.get_mut(&held.task);
        let Some(part) = backlog.and_then(|backlog| backlog.settle(held.offset)) else {
            return;
        };
        self.end(&part);
        let state = self.parts.get_mut(&part);
        if state.is_some_and(|state| state.health.succeeded()) {
            for backlog in self.backlogs.values_mut() {
                backlog.wake(&part, now);
            }
        }
    }

    /// A performed record is to be tried again at `due`; the later ones of its key go on waiting for it.
    pub(crate) fn retry(&mut self, held: Held, due: Moment) {
        self.put_back(held, due, false);
    }

    /// A performed record is done, and is performed again at `due`, or once a newer one of its key comes.
    pub(crate) fn again(&mut self, held: Held, due: Moment) {
        self.stand(held);
        self.put_back(held, due, false);
    }

    /// A record that was taken up was done before, and is performed again and again.
    pub(crate) fn stand(&mut self, held: Held) {
        if let Some(backlog) = self.backlogs.get_mut(&held.task) {
            backlog.stand(held.offset);
        }
    }

    /// Whether newer records of its key wait behind it.
    pub(crate) fn is_followed(&self, held: Held) -> bool {
        let backlog = self.backlogs.get(&held.task);
        backlog.is_some_and(|backlog| backlog.is_followed(held.offset))
    }

    /// The same, because its part failed: nothing of the part is tried for `rest`, and the record is tried before it is
    /// due once its part is back.
    pub(crate) fn part_failed(&mut self, held: Held, due: Moment, now: Moment, rest: Duration) {
        if let Some(state) = self.put_back(held, due, true) {
            state.health.failed(now, rest);
        }
    }

    /// A record that was begun was not tried, since its part takes nothing until then.
    pub(crate) fn part_rests(&mut self, held: Held, due: Moment, until: Moment) {
        if let Some(state) = self.put_back(held, due, false) {
            state.health.rest(until);
        }
    }

    /// A record of the part failed before this queue was there.
    pub(crate) fn suspect(&mut self, part: &Part, now: Moment) {
        self.parts.entry(part.clone()).or_default().health.suspect(now);
    }

    fn put_back(&mut self, held: Held, due: Moment, ailing: bool) -> Option<&mut PartState> {
        let backlog = self.backlogs.get_mut(&held.task)?;
        let part = backlog.retry(held.offset, due, ailing)?;
        self.end(&part);
        self.parts.get_mut(&part)
    }

    fn end(&mut self, part: &Part) {
        self.performing -= 1;
        if let Some(state) = self.parts.get_mut(part) {
            state.performing -= 1;
        }
    }

    /// Drops what is held of a task; its performed records are somebody else's from now on.
    pub(crate) fn drop_task(&mut self, task: Task) {
        let Some(dropped) = self.backlogs.remove(&task) else {
            return;
        };
        for part in dropped.performing() {
            self.end(part);
        }
    }

    /// Drops everything but what is known of the parts.
    pub(crate) fn clear(&mut self) {
        self.backlogs.clear();
        self.performing = 0;
        for state in self.parts.values_mut() {
            state.performing = 0;
        }
    }

    /// How many records of a task are held from this offset on of which it is not known what becomes of them.
    pub(crate) fn held_since(&self, task: Task, offset: Option<i64>) -> usize {
        let backlog = self.backlogs.get(&task);
        backlog.map_or(0, |backlog| backlog.held_since(offset.unwrap_or(i64::MIN)))
    }

    /// How many records are being performed.
    pub(crate) const fn performing(&self) -> usize {
        self.performing
    }

    /// The tasks that hold so much that their partitions are to be paused. A task that was named stays so until it
    /// holds half of its limits.
    pub(crate) fn full(&self) -> impl Iterator<Item = Task> {
        let full = self.backlogs.iter().filter(|(_, backlog)| {
            let mut full = backlog.full();
            full.any(|part| !self.is_closed(part))
        });
        full.map(|(task, _)| *task)
    }

    fn is_closed(&self, part: &Part) -> bool {
        self.parts.get(part).is_some_and(|state| state.health.is_closed())
    }
}
