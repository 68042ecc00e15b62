//! One partition of a simulated broker: records, markers of transactions, and what consumers see of them.

use rdkafka::message::OwnedHeaders;
use std::collections::BTreeMap;

/// A producer, whatever its epoch.
pub(super) type Writer = usize;

#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) key: Option<Vec<u8>>,
    pub(super) value: Option<Vec<u8>>,
    pub(super) headers: Option<OwnedHeaders>,
    /// Its append time, ms.
    pub(super) time: i64,
}

/// What became of the transaction of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Open(Writer),
    Committed,
    Aborted,
}

/// See the module.
#[derive(Debug, Clone, Default)]
pub(super) struct Log {
    pub(super) begin: i64,
    pub(super) end: i64,
    /// A marker takes an offset, and so does what compaction removes.
    records: BTreeMap<i64, (Record, Fate)>,
    /// Where the open transaction of a writer begins.
    open: BTreeMap<Writer, i64>,
}

impl Log {
    pub(super) fn append(&mut self, record: Record, writer: Option<Writer>) {
        let fate = writer.map_or(Fate::Committed, Fate::Open);
        if let Some(writer) = writer {
            self.open.entry(writer).or_insert(self.end);
        }
        self.records.insert(self.end, (record, fate));
        self.end += 1;
    }

    /// The marker of a transaction; one that wrote nothing here leaves one too.
    pub(super) fn mark(&mut self, writer: Writer, commit: bool) {
        let first = self.open.remove(&writer).unwrap_or(self.end);
        let fate = if commit { Fate::Committed } else { Fate::Aborted };
        for (_, own) in self.records.range_mut(first..) {
            if own.1 == Fate::Open(writer) {
                own.1 = fate;
            }
        }
        self.end += 1;
    }

    /// The last stable offset.
    pub(super) fn stable(&self) -> i64 {
        self.open.values().min().copied().unwrap_or(self.end)
    }

    /// The end as a consumer of an isolation level sees it.
    pub(super) fn end_of(&self, committed: bool) -> i64 {
        if committed { self.stable() } else { self.end }
    }

    /// The first record from an offset on, and below another, that is no part of an aborted transaction.
    pub(super) fn next(&self, from: i64, below: i64) -> Option<(i64, &Record)> {
        if from >= below {
            return None;
        }
        let mut records = self.records.range(from..below);
        let visible = records.find(|(_, (_, fate))| *fate != Fate::Aborted);
        visible.map(|(offset, (record, _))| (*offset, record))
    }

    /// How many committed records delete a key.
    pub(super) fn tombstones(&self) -> usize {
        self.committed()
            .filter(|(_, record)| record.value.is_none())
            .count()
    }

    /// Takes the record that was appended last away again; its offset stays empty.
    pub(super) fn forget_last(&mut self) {
        self.records.pop_last();
    }

    /// Deletes what is older than the middle.
    pub(super) fn cut(&mut self) {
        self.begin += (self.end - self.begin + 1) / 2;
        self.records = self.records.split_off(&self.begin);
    }

    /// Everything committed, in order.
    pub(super) fn committed(&self) -> impl Iterator<Item = (i64, &Record)> {
        let all = self.records.iter();
        let committed = all.filter(|(_, (_, fate))| *fate == Fate::Committed);
        committed.map(|(offset, (record, _))| (*offset, record))
    }

    /// Removes what a later committed record of the same key replaces, below the last stable offset.
    pub(super) fn compact(&mut self) {
        let stable = self.stable();
        let mut last = BTreeMap::new();
        for (offset, record) in self.committed().filter(|(offset, _)| *offset < stable) {
            last.insert(record.key.clone(), offset);
        }
        self.records.retain(|offset, (record, fate)| {
            let replaced = last.get(&record.key).is_some_and(|last| offset < last);
            *offset >= stable || (*fate == Fate::Committed && !replaced)
        });
    }
}
