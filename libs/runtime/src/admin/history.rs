//! Reads a topic between two times, without a group: looking at history changes nothing.

use super::{Admin, AdminError, CALL, Inner, StoredRecord, blocking};
use crate::client::EndSeeker;
use model::Millis;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use std::collections::HashMap;
use std::sync::Arc;
use topology::Topic;

/// From a time on, and before another; by the times at which the broker appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first time that counts, in ms since 1970.
    pub from: Millis,
    /// The first that counts no more; `None`: as far as it is committed now.
    pub to: Option<Millis>,
}

impl Admin {
    /// How many records a topic has from a time on, at most: markers of transactions count as well.
    pub async fn count_since(&self, topic: Topic, from: Millis) -> Result<u64, AdminError> {
        let inner = Arc::clone(&self.0);
        blocking("looking for offsets", move || {
            let reader = inner.reader("unused")?;
            let name = inner.prefix.apply(topic.name());
            let starts: HashMap<i32, i64> = inner.offsets_at(&reader, &name, from)?.into_iter().collect();
            let ends = inner.ends_of(&reader, &name)?;
            let open = |ends: &super::PartitionEnds| {
                starts
                    .get(&ends.partition)
                    .map_or(0, |start| (ends.end - start).max(0))
            };
            Ok(ends.iter().map(open).sum::<i64>().unsigned_abs())
        })
        .await
    }

    /// Hands every record of a topic within the span to `each`, in the order of each partition, with `state`; gives the
    /// state back.
    pub async fn fold<S: Send + 'static>(
        &self,
        topic: Topic,
        span: Span,
        mut state: S,
        each: impl Fn(&mut S, StoredRecord) + Send + 'static,
    ) -> Result<S, AdminError> {
        let inner = Arc::clone(&self.0);
        blocking("reading history", move || {
            let reader = inner.reader("unused")?;
            let name = inner.prefix.apply(topic.name());
            let starts = inner.offsets_at(&reader, &name, span.from)?;
            let from: Vec<_> = starts
                .iter()
                .map(|(partition, start)| (*partition, Offset::Offset(*start)))
                .collect();
            inner.until_ends(&reader, &name, &from, |message| {
                let record = inner.stored(message);
                let within = span.to.is_none_or(|to| record.time < to);
                if within {
                    each(&mut state, record);
                }
                within
            })?;
            Ok(state)
        })
        .await
    }
}

impl Inner {
    /// The offset of the first record of each partition at or after a time; partitions without one are left out.
    fn offsets_at(
        &self,
        reader: &BaseConsumer<EndSeeker>,
        name: &str,
        time: Millis,
    ) -> Result<Vec<(i32, i64)>, AdminError> {
        let failed = |error| self.unreachable("looking for offsets", &error);
        let mut wanted = TopicPartitionList::new();
        for partition in self.partitions(reader, name)? {
            let at = Offset::Offset(time.max(0));
            wanted.add_partition_offset(name, partition, at).map_err(failed)?;
        }
        let found = reader.offsets_for_times(wanted, CALL).map_err(failed)?;
        let offset = |of: &rdkafka::topic_partition_list::TopicPartitionListElem<'_>| match of.offset() {
            Offset::Offset(offset) => Some((of.partition(), offset)),
            _ => None,
        };
        Ok(found.elements().iter().filter_map(offset).collect())
    }
}
