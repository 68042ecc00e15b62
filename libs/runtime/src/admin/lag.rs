//! What each stage has yet to read.

use super::{Admin, AdminError, CALL, Inner, blocking};
use crate::client::{self, EndSeeker};
use crate::metadata::Metadata;
use model::Millis;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use stage::FlowCounts;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, PoisonError};
use topology::{StageName, Topic};

/// The ends of one partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartitionEnds {
    /// The partition.
    pub partition: i32,
    /// The lowest offset that it still has.
    pub low: i64,
    /// The last stable offset: everything below it is committed or aborted.
    pub end: i64,
}

/// What a stage has yet to read of one of its input topics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageLag {
    /// The stage.
    pub stage: StageName,
    /// The topic.
    pub topic: Topic,
    /// By partition, in order. Zero exactly when no record is left; else an upper bound, because offsets of
    /// transaction markers and aborted records count as well.
    pub partitions: Vec<i64>,
    /// When the oldest record that is left was appended, in ms since 1970; `None` when none is.
    pub oldest: Option<Millis>,
    /// What became of the records that it has read; committed with its offsets.
    pub counts: FlowCounts,
}

/// What a group committed of one topic.
struct Standing {
    next: HashMap<i32, i64>,
    counts: FlowCounts,
}

impl StageLag {
    /// Over all partitions.
    pub fn total(&self) -> i64 {
        self.partitions.iter().sum()
    }

    /// How long the oldest record that is left has waited at this time (ms since 1970), in seconds; 0 when none is.
    pub fn seconds(&self, now: Millis) -> f64 {
        self.oldest
            .map_or(0.0, |oldest| now.saturating_sub(oldest).max(0) as f64 / 1_000.0)
    }
}

/// What is left of one topic.
struct Left {
    partitions: Vec<i64>,
    oldest: Option<Millis>,
}

impl Admin {
    /// The ends of every partition of a topic as a `read_committed` reader sees them.
    pub async fn ends(&self, topic: Topic) -> Result<Vec<PartitionEnds>, AdminError> {
        let inner = Arc::clone(&self.0);
        blocking("reading the ends of topics", move || {
            inner.ends(&inner.reader("unused")?, topic)
        })
        .await
    }

    /// The lag of every stage that keeps its offsets in Kafka. The sink's are in its database: see
    /// [`Admin::lag_from`].
    pub async fn lag(&self) -> Result<Vec<StageLag>, AdminError> {
        self.lag_of(&StageName::RUNNERS).await
    }

    /// The lag of those of these stages that keep their offsets in Kafka.
    pub async fn lag_of(&self, stages: &[StageName]) -> Result<Vec<StageLag>, AdminError> {
        let inner = Arc::clone(&self.0);
        let stages: Vec<_> = stages
            .iter()
            .copied()
            .filter(|stage| *stage != StageName::Sink)
            .collect();
        let ask = move || inner.glancing(|reader| inner.lags(reader, &stages));
        blocking("reading lag", ask).await
    }

    /// The lag of a stage whose next offsets (by partition) and counts are known from elsewhere.
    pub async fn lag_from(
        &self,
        stage: StageName,
        topic: Topic,
        next: HashMap<i32, i64>,
        counts: FlowCounts,
    ) -> Result<StageLag, AdminError> {
        let inner = Arc::clone(&self.0);
        let ask = move || {
            let left = inner.glancing(|reader| {
                let ends = inner.ends(reader, topic)?;
                inner.left(reader, topic, &ends, &next)
            })?;
            Ok(StageLag {
                stage,
                topic,
                partitions: left.partitions,
                oldest: left.oldest,
                counts,
            })
        };
        blocking("reading lag", ask).await
    }
}

impl Inner {
    fn lags(
        &self,
        reader: &BaseConsumer<EndSeeker>,
        stages: &[StageName],
    ) -> Result<Vec<StageLag>, AdminError> {
        let mut ends: HashMap<Topic, Vec<PartitionEnds>> = HashMap::new();
        let mut lags = Vec::new();
        for stage in stages {
            let group = self.group_reader(*stage)?;
            for topic in stage.inputs() {
                let ends = match ends.entry(topic) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(unknown) => unknown.insert(self.ends(reader, topic)?),
                };
                let standing = self.standing(&group, topic, ends)?;
                let left = self.left(reader, topic, ends, &standing.next)?;
                lags.push(StageLag {
                    stage: *stage,
                    topic,
                    partitions: left.partitions,
                    oldest: left.oldest,
                    counts: standing.counts,
                });
            }
        }
        Ok(lags)
    }

    fn ends(&self, reader: &BaseConsumer<EndSeeker>, topic: Topic) -> Result<Vec<PartitionEnds>, AdminError> {
        self.ends_of(reader, &self.prefix.apply(topic.name()))
    }

    /// The ends of every partition of a topic, named with the prefix, as this reader sees them.
    pub(super) fn ends_of(
        &self,
        reader: &BaseConsumer<EndSeeker>,
        name: &str,
    ) -> Result<Vec<PartitionEnds>, AdminError> {
        let partitions = self.partitions(reader, name)?;
        let marks = client::watermarks_of(reader, name, &partitions);
        let marks = marks.map_err(|error| self.unreachable("reading the ends of topics", &error))?;
        let ends = partitions.into_iter().zip(marks);
        Ok(ends
            .map(|(partition, (low, end))| PartitionEnds { partition, low, end })
            .collect())
    }

    /// The partitions of a topic; an error if there is none of this name.
    pub(super) fn partitions(
        &self,
        reader: &BaseConsumer<EndSeeker>,
        name: &str,
    ) -> Result<Vec<i32>, AdminError> {
        let partitions = crate::kafka::Reader::partitions(reader, name, CALL);
        let partitions = partitions.map_err(|error| self.unreachable("looking at topics", &error))?;
        if partitions.is_empty() {
            let why = "there is no such topic; run `sluicebox topics apply`".to_owned();
            return Err(AdminError::Refused {
                doing: format!("looking at {name}"),
                why,
            });
        }
        Ok(partitions)
    }

    /// A client in the group of a stage, kept: making one costs more than asking it.
    fn group_reader(&self, stage: StageName) -> Result<Arc<BaseConsumer<EndSeeker>>, AdminError> {
        let mut groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(reader) = groups.get(&stage) {
            return Ok(Arc::clone(reader));
        }
        let reader = Arc::new(self.reader(&self.prefix.apply(stage.as_str()))?);
        groups.insert(stage, Arc::clone(&reader));
        Ok(reader)
    }

    fn standing(
        &self,
        group: &BaseConsumer<EndSeeker>,
        topic: Topic,
        ends: &[PartitionEnds],
    ) -> Result<Standing, AdminError> {
        let doing = "reading committed offsets";
        let name = self.prefix.apply(topic.name());
        let mut list = TopicPartitionList::new();
        for ends in ends {
            list.add_partition(&name, ends.partition);
        }
        let answer = group.committed_offsets(list, CALL);
        let answer = answer.map_err(|error| self.unreachable(doing, &error))?;
        let mut standing = Standing {
            next: HashMap::new(),
            counts: FlowCounts::default(),
        };
        for element in answer.elements() {
            let Offset::Offset(offset) = element.offset() else {
                continue;
            };
            standing.next.insert(element.partition(), offset);
            let kept = Metadata::read(element.metadata());
            let refused = |why| AdminError::Refused {
                doing: format!("{doing} of {name}"),
                why,
            };
            standing.counts.add(&kept.map_err(refused)?.counts);
        }
        Ok(standing)
    }

    fn left(
        &self,
        reader: &BaseConsumer<EndSeeker>,
        topic: Topic,
        ends: &[PartitionEnds],
        next: &HashMap<i32, i64>,
    ) -> Result<Left, AdminError> {
        let from = |ends: &PartitionEnds| {
            next.get(&ends.partition)
                .copied()
                .unwrap_or(ends.low)
                .max(ends.low)
        };
        let behind: Vec<(i32, i64)> = ends
            .iter()
            .filter(|ends| from(ends) < ends.end)
            .map(|ends| (ends.partition, from(ends)))
            .collect();
        let first = self.first_records(reader, &self.prefix.apply(topic.name()), &behind)?;
        let lag = |ends: &PartitionEnds| {
            if first.contains_key(&ends.partition) {
                ends.end - from(ends)
            } else {
                0
            }
        };
        Ok(Left {
            partitions: ends.iter().map(lag).collect(),
            oldest: first.values().min().copied(),
        })
    }
}
