//! The held records of one task: a line for each key, of which the first may be performed. No Kafka, no clock, no I/O.

use super::Limits;
use crate::commit_policy::Moment;
use stage::Part;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

/// A held record.
#[derive(Debug)]
struct Record {
    key: Option<Box<[u8]>>,
    part: Part,
    bytes: usize,
    /// When it may be performed, once it is the first of its line.
    due: Moment,
    /// Whether it waits because its part failed, so that it need not once the part is back.
    ailing: bool,
    performing: bool,
    /// Whether it is done again and again, until a newer one of its key comes.
    standing: bool,
}

/// What is held for one part.
#[derive(Debug, Default)]
struct Load {
    /// The first of each line that is not being performed, by the time it may be.
    waiting: BTreeSet<(Moment, i64)>,
    records: usize,
    bytes: usize,
    full: bool,
}

impl Load {
    fn holds(&self, limits: Limits, share: usize) -> bool {
        self.records * share >= limits.records.max(1) || self.bytes * share >= limits.bytes.max(1)
    }

    fn mark_full(&mut self, limits: Limits) {
        // Half of it, so that a partition is not paused and resumed with every record.
        self.full = self.holds(limits, 1) || (self.full && self.holds(limits, 2) && self.records > 0);
    }
}

/// See the module.
#[derive(Debug)]
pub(super) struct Backlog {
    limits: Limits,
    records: BTreeMap<i64, Record>,
    /// The offsets of each key, oldest first.
    lines: HashMap<Box<[u8]>, VecDeque<i64>>,
    loads: BTreeMap<Part, Load>,
}

impl Backlog {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            records: BTreeMap::new(),
            lines: HashMap::new(),
            loads: BTreeMap::new(),
        }
    }

    pub(super) fn arrive(&mut self, offset: i64, key: Option<&[u8]>, part: Part, bytes: usize, due: Moment) {
        let key: Option<Box<[u8]>> = key.map(Into::into);
        let first = match &key {
            Some(key) => {
                let line = self.lines.entry(key.clone()).or_default();
                line.push_back(offset);
                line.front().copied().unwrap_or(offset)
            }
            None => offset,
        };
        let is_first = first == offset;
        if !is_first {
            self.hasten(first, due);
        }
        let load = self.loads.entry(part.clone()).or_default();
        if is_first {
            load.waiting.insert((due, offset));
        }
        load.records += 1;
        load.bytes += bytes;
        load.mark_full(self.limits);
        let record = Record {
            key,
            part,
            bytes,
            due,
            ailing: false,
            performing: false,
            standing: false,
        };
        self.records.insert(offset, record);
    }

    /// A record that stands is to make way: it is done once more by then.
    fn hasten(&mut self, offset: i64, by: Moment) {
        let Some(record) = self.records.get_mut(&offset) else {
            return;
        };
        if !record.standing || record.performing || record.due <= by {
            return;
        }
        if let Some(load) = self.loads.get_mut(&record.part)
            && load.waiting.remove(&(record.due, offset))
        {
            load.waiting.insert((by, offset));
            record.due = by;
        }
    }

    /// The record stands from now on.
    pub(super) fn stand(&mut self, offset: i64) {
        if let Some(record) = self.records.get_mut(&offset) {
            record.standing = true;
        }
    }

    /// Whether newer records of its key wait behind it.
    pub(super) fn is_followed(&self, offset: i64) -> bool {
        let key = self.records.get(&offset).and_then(|record| record.key.as_ref());
        let line = key.and_then(|key| self.lines.get(key));
        line.is_some_and(|line| line.len() > 1)
    }

    /// The parts that records wait for, each with the time at which its next one is due.
    pub(super) fn due(&self) -> impl Iterator<Item = (&Part, Moment)> {
        let loads = self.loads.iter();
        loads.filter_map(|(part, load)| Some((part, load.waiting.first()?.0)))
    }

    /// Begins to perform the record of the part that has been due longest, or will be first.
    pub(super) fn start(&mut self, part: &Part) -> Option<(i64, Moment)> {
        let (due, offset) = self.loads.get_mut(part)?.waiting.pop_first()?;
        self.records.get_mut(&offset)?.performing = true;
        Some((offset, due))
    }

    /// The part of the record if it was being performed; the record is gone then.
    pub(super) fn settle(&mut self, offset: i64) -> Option<Part> {
        let part = self.stop_performing(offset)?;
        let record = self.records.remove(&offset)?;
        if let Some(load) = self.loads.get_mut(&part) {
            load.records -= 1;
            load.bytes -= record.bytes;
            load.mark_full(self.limits);
            if load.records == 0 {
                self.loads.remove(&part);
            }
        }
        if let Some(key) = record.key {
            self.advance_line(&key);
        }
        Some(part)
    }

    /// The first of a line is gone; the next one is first now.
    fn advance_line(&mut self, key: &[u8]) {
        let Some(line) = self.lines.get_mut(key) else {
            return;
        };
        line.pop_front();
        match line.front() {
            Some(next) => {
                if let Some(record) = self.records.get(next)
                    && let Some(load) = self.loads.get_mut(&record.part)
                {
                    load.waiting.insert((record.due, *next));
                }
            }
            None => {
                self.lines.remove(key);
            }
        }
    }

    /// The part of the record if it was being performed; it waits until `due` then, or until its part is back if that is
    /// what it waits for.
    pub(super) fn retry(&mut self, offset: i64, due: Moment, ailing: bool) -> Option<Part> {
        let part = self.stop_performing(offset)?;
        if let Some(record) = self.records.get_mut(&offset) {
            (record.due, record.ailing) = (due, ailing);
        }
        if let Some(load) = self.loads.get_mut(&part) {
            load.waiting.insert((due, offset));
        }
        Some(part)
    }

    /// A part is back: what waited for that is due.
    pub(super) fn wake(&mut self, part: &Part, now: Moment) {
        let Some(load) = self.loads.get_mut(part) else {
            return;
        };
        let waiting = std::mem::take(&mut load.waiting);
        for (due, offset) in waiting {
            let record = self.records.get_mut(&offset);
            let woken = record.filter(|record| record.ailing && due > now);
            let due = woken.map_or(due, |record| {
                record.due = now;
                now
            });
            load.waiting.insert((due, offset));
        }
    }

    fn stop_performing(&mut self, offset: i64) -> Option<Part> {
        let record = self.records.get_mut(&offset)?;
        std::mem::take(&mut record.performing).then(|| record.part.clone())
    }

    /// Those that stand are settled already.
    pub(super) fn held_since(&self, offset: i64) -> usize {
        let held = self.records.range(offset..);
        held.filter(|(_, record)| !record.standing).count()
    }

    /// The part of each record that is being performed.
    pub(super) fn performing(&self) -> impl Iterator<Item = &Part> {
        let performing = self.records.values().filter(|record| record.performing);
        performing.map(|record| &record.part)
    }

    /// The parts of which it holds as much as it may.
    pub(super) fn full(&self) -> impl Iterator<Item = &Part> {
        let full = self.loads.iter().filter(|(_, load)| load.full);
        full.map(|(part, _)| part)
    }

    /// How many records it holds for a part, if that is as many as it may.
    pub(super) fn filled(&self, part: &Part) -> Option<usize> {
        let load = self.loads.get(part)?;
        load.holds(self.limits, 1).then_some(load.records)
    }
}
