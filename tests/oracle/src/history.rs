//! Everything that is committed, by topic and partition, in the order of the offsets.

use runtime::admin::StoredRecord;
use std::collections::BTreeMap;
use std::fmt;
use topology::{Changelog, Topic};

/// Where a record stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The topic, without the prefix.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// The offset.
    pub offset: i64,
}

impl Place {
    /// The place of a record.
    pub fn of(record: &StoredRecord) -> Self {
        Self {
            topic: record.topic.clone(),
            partition: record.partition,
            offset: record.offset,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}@{}", self.topic, self.partition, self.offset)
    }
}

/// The names of all topics and changelogs, without the prefix.
pub fn topic_names() -> Vec<String> {
    let topics = Topic::all().map(|topic| topic.name().to_owned());
    topics
        .chain(Changelog::all().map(Changelog::topic_name))
        .collect()
}

/// Everything that a `read_committed` reader sees.
#[derive(Debug, Clone, Default)]
pub struct History(BTreeMap<(String, i32), Vec<StoredRecord>>);

impl History {
    /// The history made of these records, in any order.
    pub fn new(records: impl IntoIterator<Item = StoredRecord>) -> Self {
        let mut partitions: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for record in records {
            let at = (record.topic.clone(), record.partition);
            partitions.entry(at).or_default().push(record);
        }
        for records in partitions.values_mut() {
            records.sort_by_key(|record| record.offset);
        }
        Self(partitions)
    }

    /// The records of one partition; none if there is no such partition.
    pub fn partition(&self, topic: &str, partition: i32) -> &[StoredRecord] {
        self.0
            .get(&(topic.to_owned(), partition))
            .map_or(&[], Vec::as_slice)
    }

    /// The partitions of a topic that hold records.
    pub fn partitions<'a>(&'a self, topic: &'a str) -> impl Iterator<Item = (i32, &'a [StoredRecord])> {
        let from = (topic.to_owned(), i32::MIN);
        let partitions = self
            .0
            .range(from..)
            .take_while(move |((name, _), _)| name == topic);
        partitions.map(|((_, partition), records)| (*partition, records.as_slice()))
    }

    /// The records of a topic, partition by partition.
    pub fn topic<'a>(&'a self, topic: &'a str) -> impl Iterator<Item = &'a StoredRecord> {
        self.partitions(topic).flat_map(|(_, records)| records)
    }

    /// Every record.
    pub fn all(&self) -> impl Iterator<Item = &StoredRecord> {
        self.0.values().flatten()
    }

    /// How many records a topic holds.
    pub fn count(&self, topic: &str) -> usize {
        self.partitions(topic).map(|(_, records)| records.len()).sum()
    }
}
