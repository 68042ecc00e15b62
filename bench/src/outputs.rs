//! What was read of an output while its writers came and went: who wrote it, when, to which partition. Pure.

use std::collections::BTreeMap;

/// One record of the output. The output has as many partitions as the input and the same keys, so that a partition of
/// one is a partition of the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) partition: i32,
    /// When it came into the log, in milliseconds since the epoch.
    pub(crate) at: i64,
    /// The instance that wrote it.
    pub(crate) by: String,
}

/// Records in the order of each partition.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outputs(Vec<Written>);

impl Outputs {
    pub(crate) fn push(&mut self, written: Written) {
        self.0.push(written);
    }

    /// Adds what was read after it.
    pub(crate) fn extend(&mut self, later: Self) {
        self.0.extend(later.0);
    }

    /// Who wrote last to each partition.
    pub(crate) fn owners(&self) -> BTreeMap<i32, &str> {
        self.0
            .iter()
            .map(|written| (written.partition, written.by.as_str()))
            .collect()
    }

    /// The longest time, in milliseconds, between two records of each partition.
    pub(crate) fn longest_gaps(&self) -> BTreeMap<i32, i64> {
        let mut last: BTreeMap<i32, i64> = BTreeMap::new();
        let mut gaps: BTreeMap<i32, i64> = BTreeMap::new();
        for written in &self.0 {
            let before = last.insert(written.partition, written.at).unwrap_or(written.at);
            let gap = gaps.entry(written.partition).or_default();
            *gap = (*gap).max(written.at - before);
        }
        gaps
    }

    /// How many partitions have another writer at the end than at the beginning.
    pub(crate) fn moved(&self) -> usize {
        let mut first: BTreeMap<i32, &str> = BTreeMap::new();
        for written in &self.0 {
            first.entry(written.partition).or_insert(&written.by);
        }
        let owners = self.owners();
        first
            .iter()
            .filter(|(partition, by)| owners.get(partition) != Some(by))
            .count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partition_that_moves_shows_its_pause() {
        let mut outputs = Outputs::default();
        for (partition, at, by) in [
            (0, 10, "a"),
            (1, 10, "a"),
            (0, 20, "a"),
            (1, 500, "b"),
            (1, 510, "b"),
        ] {
            outputs.push(Written {
                partition,
                at,
                by: by.to_owned(),
            });
        }
        assert_eq!(outputs.owners(), BTreeMap::from([(0, "a"), (1, "b")]));
        assert_eq!(outputs.longest_gaps(), BTreeMap::from([(0, 10), (1, 490)]));
        assert_eq!(outputs.moved(), 1);
    }
}
