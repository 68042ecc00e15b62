//! The held records of one task: a line for each key, of which the first may be performed. No Kafka, no clock, no I/O.

use super::Limits;
use crate::commit_policy::Moment;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

/// A held record.
#[derive(Debug)]
struct Record {
    key: Option<Box<[u8]>>,
    bytes: usize,
    /// When it may be performed, once it is the first of its line.
    due: Moment,
    performing: bool,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    records: BTreeMap<i64, Record>,
    /// The offsets of each key, oldest first.
    lines: HashMap<Box<[u8]>, VecDeque<i64>>,
    /// The first of each line that is not being performed, by the time it may be.
    waiting: BTreeSet<(Moment, i64)>,
    bytes: usize,
    performing: usize,
    full: bool,
}

impl Backlog {
    pub(super) fn arrive(&mut self, offset: i64, key: Option<&[u8]>, bytes: usize, due: Moment) {
        let key: Option<Box<[u8]>> = key.map(Into::into);
        let is_first = match &key {
            Some(key) => {
                let line = self.lines.entry(key.clone()).or_default();
                line.push_back(offset);
                line.len() == 1
            }
            None => true,
        };
        if is_first {
            self.waiting.insert((due, offset));
        }
        self.bytes += bytes;
        let record = Record {
            key,
            bytes,
            due,
            performing: false,
        };
        self.records.insert(offset, record);
    }

    /// When its next record can be performed.
    pub(super) fn due(&self) -> Option<Moment> {
        self.waiting.first().map(|(due, _)| *due)
    }

    /// Begins to perform the record that has been due longest.
    pub(super) fn start(&mut self, now: Moment) -> Option<i64> {
        let (due, offset) = self.waiting.pop_first()?;
        if due > now {
            self.waiting.insert((due, offset));
            return None;
        }
        self.records.get_mut(&offset)?.performing = true;
        self.performing += 1;
        Some(offset)
    }

    /// Whether the record was being performed; it is gone then.
    pub(super) fn settle(&mut self, offset: i64) -> bool {
        if !self.stop_performing(offset) {
            return false;
        }
        if let Some(record) = self.records.remove(&offset) {
            self.bytes -= record.bytes;
            if let Some(key) = record.key {
                self.advance_line(&key);
            }
        }
        true
    }

    /// The first of a line is gone; the next one is first now.
    fn advance_line(&mut self, key: &[u8]) {
        let Some(line) = self.lines.get_mut(key) else {
            return;
        };
        line.pop_front();
        match line.front() {
            Some(next) => {
                let due = self.records.get(next).map(|record| record.due);
                self.waiting.insert((due.unwrap_or_default(), *next));
            }
            None => {
                self.lines.remove(key);
            }
        }
    }

    /// Whether the record was being performed; it waits then.
    pub(super) fn retry(&mut self, offset: i64, due: Moment) -> bool {
        let was_performing = self.stop_performing(offset);
        if was_performing {
            self.waiting.insert((due, offset));
        }
        was_performing
    }

    fn stop_performing(&mut self, offset: i64) -> bool {
        let record = self.records.get_mut(&offset);
        let was_performing = record.is_some_and(|record| std::mem::take(&mut record.performing));
        self.performing -= usize::from(was_performing);
        was_performing
    }

    pub(super) fn held_since(&self, offset: i64) -> usize {
        self.records.range(offset..).count()
    }

    pub(super) const fn performing(&self) -> usize {
        self.performing
    }

    pub(super) const fn is_full(&self) -> bool {
        self.full
    }

    pub(super) fn mark_full(&mut self, limits: Limits) {
        let holds = |part: usize| {
            self.records.len() * part >= limits.records.max(1) || self.bytes * part >= limits.bytes.max(1)
        };
        // Half of it, so that a partition is not paused and resumed with every record.
        self.full = holds(1) || (self.full && holds(2) && !self.records.is_empty());
    }
}
