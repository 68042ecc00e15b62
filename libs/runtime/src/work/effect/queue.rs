//! Which held records of an effect are performed now, which wait, and for what. No Kafka, no clock, no I/O: time is
//! passed in, and whoever calls it performs.
//!
//! Of the records with the same key only the oldest is ever performed; the others wait behind it. A record that is to
//! be tried again waits without holding back other keys. A bounded number is performed at once, taken from the tasks
//! in turn, and a task that holds too many records is named, so that its partition is paused.

mod backlog;

#[cfg(test)]
mod tests;

use crate::commit_policy::Moment;
use backlog::Backlog;
use stage::Task;
use std::collections::BTreeMap;
use std::ops::Bound;

/// A held record: its task, and its offset there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Held {
    pub task: Task,
    pub offset: i64,
}

/// How much is done and held at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Most records performed at once, over all tasks.
    pub performing: usize,
    /// Records of one task from which on its partition is to be paused.
    pub records: usize,
    /// Bytes of one task from which on its partition is to be paused.
    pub bytes: usize,
}

/// The held records of a lane.
#[derive(Debug)]
pub(crate) struct Queue {
    limits: Limits,
    backlogs: BTreeMap<Task, Backlog>,
    performing: usize,
    /// The task that was served last.
    served: Option<Task>,
}

impl Queue {
    /// An empty queue.
    pub(crate) const fn new(limits: Limits) -> Self {
        Self {
            limits,
            backlogs: BTreeMap::new(),
            performing: 0,
            served: None,
        }
    }

    /// Takes a record that is to be performed at `due` at the earliest, and not before the older ones of its key.
    /// Records of a task come in the order of their offsets; one without a key waits for no other.
    pub(crate) fn arrive(&mut self, held: Held, key: Option<&[u8]>, bytes: usize, due: Moment) {
        let backlog = self.backlogs.entry(held.task).or_default();
        backlog.arrive(held.offset, key, bytes, due);
        backlog.mark_full(self.limits);
    }

    /// The record to be performed next, if one is due and there is room; it counts as performed from then on.
    pub(crate) fn start(&mut self, now: Moment) -> Option<Held> {
        if self.performing >= self.limits.performing {
            return None;
        }
        let task = self.next_task(now)?;
        let offset = self.backlogs.get_mut(&task)?.start(now)?;
        self.performing += 1;
        self.served = Some(task);
        Some(Held { task, offset })
    }

    /// The next task in turn that has a record to be performed.
    fn next_task(&self, now: Moment) -> Option<Task> {
        let after = self.served.map_or(Bound::Unbounded, Bound::Excluded);
        let in_turn = self
            .backlogs
            .range((after, Bound::Unbounded))
            .chain(&self.backlogs);
        let mut ready = in_turn.filter(|(_, backlog)| backlog.due().is_some_and(|due| due <= now));
        ready.next().map(|(task, _)| *task)
    }

    /// A performed record is settled, whatever became of it: the next one of its key may follow.
    pub(crate) fn settle(&mut self, held: Held) {
        if let Some(backlog) = self.backlogs.get_mut(&held.task)
            && backlog.settle(held.offset)
        {
            backlog.mark_full(self.limits);
            self.performing -= 1;
        }
    }

    /// A performed record is to be tried again at `due`; the later ones of its key go on waiting for it.
    pub(crate) fn retry(&mut self, held: Held, due: Moment) {
        if let Some(backlog) = self.backlogs.get_mut(&held.task)
            && backlog.retry(held.offset, due)
        {
            self.performing -= 1;
        }
    }

    /// Drops what is held of a task; its performed records are somebody else's from now on.
    pub(crate) fn drop_task(&mut self, task: Task) {
        let dropped = self.backlogs.remove(&task);
        self.performing -= dropped.map_or(0, |backlog| backlog.performing());
    }

    /// Drops everything.
    pub(crate) fn clear(&mut self) {
        self.backlogs.clear();
        self.performing = 0;
    }

    /// How many records of a task are held from this offset on.
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
        let full = self.backlogs.iter().filter(|(_, backlog)| backlog.is_full());
        full.map(|(task, _)| *task)
    }
}
