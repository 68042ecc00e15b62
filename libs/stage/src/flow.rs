//! Conservation: what became of the records of one task, counted in the same transaction as the records.

use crate::Output;
use model::Fault;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The counts of one task since its group began. `read = out + filtered + duplicate + dead + waiting`, always; only an
/// effect lets records wait.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowCounts {
    /// Records read.
    pub read: u64,
    /// Of them, those that led to output.
    pub out: u64,
    /// Records written; more than `out` where one record leads to several.
    pub emitted: u64,
    /// The same by topic, for a stage that writes more than one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub emitted_to: BTreeMap<String, u64>,
    /// Records that had been seen before.
    pub duplicate: u64,
    /// Records that led to nothing, by reason.
    pub filtered: BTreeMap<String, u64>,
    /// Dead letters, by reason.
    pub dead: BTreeMap<String, u64>,
    /// Of them, those that are the fault of whoever sent the record.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub dead_of_producers: u64,
    /// Records that came too late for a rule, by rule. They count elsewhere too: another rule may have taken them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub late: BTreeMap<String, u64>,
    /// Records whose time was replaced, because it was ahead of the broker's. They count elsewhere too.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub time_corrected: u64,
    /// Records that were parked before it was known what becomes of them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub parked: u64,
    /// Of them, those of which it is known by now.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub resumed: u64,
}

/// Rules whose late records are counted apart; those of further ones are counted together.
const MOST_RULES: usize = 24;
const OTHER_RULES: &str = "other";

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl FlowCounts {
    /// Counts a record that led to this many outputs.
    pub fn count_out(&mut self, outputs: u64) {
        self.read += 1;
        self.out += 1;
        self.emitted += outputs;
    }

    /// Counts by topic what was counted as emitted, where the stage writes more than one.
    pub fn count_topics<O: Output>(&mut self, outputs: &[O]) {
        if O::SEVERAL_TOPICS {
            for output in outputs {
                count(&mut self.emitted_to, output.topic().name());
            }
        }
    }

    /// Counts a record that had been seen before.
    pub fn count_duplicate(&mut self) {
        self.read += 1;
        self.duplicate += 1;
    }

    /// Counts a record that led to nothing.
    pub fn count_filtered(&mut self, reason: &str) {
        self.read += 1;
        count(&mut self.filtered, reason);
    }

    /// Counts a dead letter.
    pub fn count_dead(&mut self, reason: &str, fault: Fault) {
        self.read += 1;
        count(&mut self.dead, reason);
        self.dead_of_producers += u64::from(fault == Fault::Producer);
    }

    /// Counts that the record came too late for a rule. The names of rules are bounded: all of it has to fit beside an
    /// offset.
    pub fn count_late(&mut self, rule: &str) {
        let known = self.late.len() < MOST_RULES || self.late.contains_key(rule);
        count(&mut self.late, if known { rule } else { OTHER_RULES });
    }

    /// Counts records whose offset is passed before it is known what becomes of them.
    pub const fn count_parked(&mut self, records: u64) {
        self.read += records;
        self.parked += records;
    }

    /// The record that was counted last had been parked: it was read before.
    pub const fn count_resumed(&mut self) {
        self.read = self.read.saturating_sub(1);
        self.resumed += 1;
    }

    /// Records of which it is known what became of them.
    pub const fn settled(&self) -> u64 {
        (self.read + self.resumed).saturating_sub(self.parked)
    }

    /// Records that are parked.
    pub const fn waiting(&self) -> u64 {
        self.parked.saturating_sub(self.resumed)
    }

    /// Adds the counts of another task.
    pub fn add(&mut self, other: &Self) {
        self.read += other.read;
        self.out += other.out;
        self.emitted += other.emitted;
        merge(&mut self.emitted_to, &other.emitted_to);
        self.duplicate += other.duplicate;
        merge(&mut self.filtered, &other.filtered);
        merge(&mut self.dead, &other.dead);
        self.dead_of_producers += other.dead_of_producers;
        merge(&mut self.late, &other.late);
        self.time_corrected += other.time_corrected;
        self.parked += other.parked;
        self.resumed += other.resumed;
    }

    /// Whether every record read is accounted for.
    pub fn conserves(&self) -> bool {
        let sum = |counts: &BTreeMap<String, u64>| counts.values().sum::<u64>();
        let settled = self.out + self.duplicate + sum(&self.filtered) + sum(&self.dead);
        self.read + self.resumed == settled + self.parked
    }
}

fn count(counts: &mut BTreeMap<String, u64>, reason: &str) {
    match counts.get_mut(reason) {
        Some(count) => *count += 1,
        None => {
            counts.insert(reason.to_owned(), 1);
        }
    }
}

fn merge(into: &mut BTreeMap<String, u64>, from: &BTreeMap<String, u64>) {
    for (reason, count) in from {
        *into.entry(reason.clone()).or_default() += count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_count_conserves() {
        let mut counts = FlowCounts::default();
        counts.count_out(3);
        counts.count_duplicate();
        counts.count_filtered("spam");
        counts.count_dead("undecodable", Fault::Producer);
        counts.count_dead("output_too_large", Fault::Ours);
        let mut sum = counts.clone();
        sum.add(&counts);
        assert!(counts.conserves() && sum.conserves());
        assert_eq!((sum.read, sum.emitted, sum.filtered["spam"]), (10, 6, 2));
        sum.read += 1;
        assert!(!sum.conserves());
    }

    #[test]
    fn a_parked_record_is_read_once_and_settled_once() {
        let mut counts = FlowCounts::default();
        counts.count_parked(2);
        assert!(counts.conserves());
        assert_eq!((counts.read, counts.waiting()), (2, 2));
        counts.count_out(3);
        counts.count_resumed();
        assert!(counts.conserves());
        assert_eq!(
            (counts.read, counts.out, counts.emitted, counts.waiting()),
            (2, 1, 3, 1)
        );
        counts.out -= 1;
        assert!(!counts.conserves());
    }
}
