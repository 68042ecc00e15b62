//! Whether all readers saw the same: what was read at any time must be a beginning of what is there in the end.

use crate::{History, Place, Verdict};
use runtime::admin::StoredRecord;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// What one `read_committed` reader has seen, in the order in which it saw it.
#[derive(Debug, Clone, Default)]
pub struct Witness(BTreeMap<(String, i32), Vec<(i64, u64)>>);

impl Witness {
    /// The reader saw these records after all those before.
    pub fn saw<'a>(&mut self, records: impl IntoIterator<Item = &'a StoredRecord>) {
        for record in records {
            let seen = self
                .0
                .entry((record.topic.clone(), record.partition))
                .or_default();
            seen.push((record.offset, fingerprint(record)));
        }
    }

    /// Where to go on reading: the offset behind the last one seen, by topic and partition.
    pub fn next(&self, topic: &str, partition: i32) -> i64 {
        let seen = self.0.get(&(topic.to_owned(), partition));
        seen.and_then(|seen| seen.last())
            .map_or(0, |(offset, _)| offset + 1)
    }

    /// Record by record: what was seen is how the history begins.
    pub fn agrees(&self, name: &str, history: &History) -> Verdict {
        let mut verdict = Verdict::of(format!("{name} saw the same history"));
        for ((topic, partition), seen) in &self.0 {
            let records = history.partition(topic, *partition);
            verdict.saw(seen.len());
            for (at, (offset, print)) in seen.iter().enumerate() {
                let there = records.get(at).map(|record| (record.offset, fingerprint(record)));
                if there == Some((*offset, *print)) {
                    continue;
                }
                let place = Place {
                    topic: topic.clone(),
                    partition: *partition,
                    offset: *offset,
                };
                let now = there.map_or("nothing".to_owned(), |(offset, _)| format!("offset {offset}"));
                verdict.wrong(
                    "",
                    Some(place),
                    format!("seen as record {at}; now {now} stands there"),
                );
                break;
            }
        }
        verdict
    }
}

fn fingerprint(record: &StoredRecord) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&record.key, &record.value).hash(&mut hasher);
    hasher.finish()
}
