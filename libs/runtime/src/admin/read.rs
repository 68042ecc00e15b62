//! Reads topics from their beginning to where they end now.

use super::{Admin, AdminError, CALL, Inner, PartitionEnds, blocking};
use crate::client::EndSeeker;
use model::Millis;
use rdkafka::Message;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Headers};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};
use topology::Topic;

const STEP: Duration = Duration::from_millis(20);
/// Without a record or an end for this long, reading has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// A record as it stands in a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRecord {
    /// Its topic, without the prefix.
    pub topic: String,
    /// Its partition.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
    /// When the broker appended it, in ms since 1970.
    pub time: i64,
    /// What the clock of whoever wrote it said then, if the record says so and the stream wrote it.
    pub written: Option<i64>,
    /// Its key; empty if it has none.
    pub key: Vec<u8>,
    /// Its value; `None` in a compacted topic means that the key is deleted.
    pub value: Option<Vec<u8>>,
    /// Its headers, on a topic that anybody writes; elsewhere they are not kept.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
}

/// Which records of a topic are read: those that are committed when the reading begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    topic: String,
    partition: Option<i32>,
    since: Option<Millis>,
    settled: bool,
}

impl Selection {
    /// All records of a topic, named without the prefix.
    pub fn of(topic: impl Into<String>) -> Self {
        Self {
            topic: topic.into(),
            partition: None,
            since: None,
            settled: false,
        }
    }

    /// Those of one partition.
    #[must_use]
    pub fn partition(self, partition: i32) -> Self {
        Self {
            partition: Some(partition),
            ..self
        }
    }

    /// Those that were appended at this time or later.
    #[must_use]
    pub fn since(self, time: Option<Millis>) -> Self {
        Self { since: time, ..self }
    }

    /// Those too whose transactions are open now: the reading waits until they are over. Without it, an open
    /// transaction hides everything behind its first record.
    #[must_use]
    pub fn settled(self) -> Self {
        Self {
            settled: true,
            ..self
        }
    }
}

impl Admin {
    /// The newest value of every key of these topics (named without the prefix), as far as it is committed now;
    /// deleted keys are left out.
    pub async fn read_latest(&self, topics: &[String]) -> Result<Vec<StoredRecord>, AdminError> {
        let mut latest = Vec::new();
        for topic in topics {
            let keep = |latest: &mut BTreeMap<_, _>, record: StoredRecord| {
                let place = (record.partition, record.key.clone());
                if record.value.is_some() {
                    latest.insert(place, record);
                } else {
                    latest.remove(&place);
                }
                true
            };
            let read = self.read(Selection::of(topic), BTreeMap::new(), keep).await?;
            latest.extend(read.into_values());
        }
        Ok(latest)
    }

    /// The records of partitions of a topic (named without the prefix) from these offsets on, as far as they are
    /// committed now, in the order of each partition.
    pub async fn read_from(&self, topic: &str, from: &[(i32, i64)]) -> Result<Vec<StoredRecord>, AdminError> {
        let (inner, name) = (Arc::clone(&self.0), self.0.prefix.apply(topic));
        let offsets = from
            .iter()
            .map(|(partition, offset)| (*partition, Offset::Offset(*offset)));
        let from: Vec<_> = offsets.collect();
        let read = move || {
            let mut records = Vec::new();
            inner.until_ends(&inner.reader("unused")?, &name, &from, |message| {
                records.push(inner.stored(message));
                true
            })?;
            Ok(records)
        };
        blocking("reading a topic", read).await
    }

    /// Every record of these topics (named without the prefix), as far as it is committed now, in the order of each
    /// partition. All of it is held in memory.
    pub async fn read_every(&self, topics: &[String]) -> Result<Vec<StoredRecord>, AdminError> {
        let mut every = Vec::new();
        for topic in topics {
            let keep = |every: &mut Vec<_>, record| {
                every.push(record);
                true
            };
            every = self.read(Selection::of(topic), every, keep).await?;
        }
        Ok(every)
    }

    /// Shows each record of the selection to `each`, in the order of each partition, with what it gathers; `false`
    /// from it ends the record's partition. Gives back what was gathered.
    pub async fn read<S: Send + 'static>(
        &self,
        selection: Selection,
        mut gathered: S,
        mut each: impl FnMut(&mut S, StoredRecord) -> bool + Send + 'static,
    ) -> Result<S, AdminError> {
        let inner = Arc::clone(&self.0);
        let read = move || {
            inner.scan(&selection, |record| each(&mut gathered, record))?;
            Ok(gathered)
        };
        blocking("reading topics", read).await
    }

    /// The partitions of a topic, named without the prefix.
    pub async fn partitions_of(&self, topic: &str) -> Result<Vec<i32>, AdminError> {
        let (inner, name) = (Arc::clone(&self.0), self.0.prefix.apply(topic));
        blocking("looking at topics", move || {
            inner.partitions(&inner.reader("unused")?, &name)
        })
        .await
    }

    /// The record at this place, if there is a committed one.
    pub async fn record_at(
        &self,
        topic: Topic,
        partition: i32,
        offset: i64,
    ) -> Result<Option<StoredRecord>, AdminError> {
        let inner = Arc::clone(&self.0);
        let read = move || {
            let (name, reader) = (inner.prefix.apply(topic.name()), inner.reader("unused")?);
            let ends = inner.ends_of(&reader, &name)?;
            let within =
                |ends: &&PartitionEnds| ends.partition == partition && (ends.low..ends.end).contains(&offset);
            if ends.iter().find(within).is_none() {
                return Ok(None);
            }
            let mut found = None;
            inner.until_ends(
                &reader,
                &name,
                &[(partition, Offset::Offset(offset))],
                |message| {
                    found = (message.offset() == offset).then(|| inner.stored(message));
                    false
                },
            )?;
            Ok(found)
        };
        blocking("reading a record", read).await
    }
}

impl Inner {
    fn scan(
        &self,
        selection: &Selection,
        mut each: impl FnMut(StoredRecord) -> bool,
    ) -> Result<(), AdminError> {
        let (reader, name) = (self.reader("unused")?, self.prefix.apply(&selection.topic));
        let ends = if selection.settled {
            self.settled_ends(&reader, &name)?
        } else {
            self.ends_of(&reader, &name)?
        };
        let chosen = |ends: &&PartitionEnds| {
            ends.low < ends.end && selection.partition.is_none_or(|chosen| chosen == ends.partition)
        };
        let chosen: HashMap<i32, i64> = ends
            .iter()
            .filter(chosen)
            .map(|ends| (ends.partition, ends.end))
            .collect();
        let from = self.beginnings(&reader, &name, &chosen, selection.since)?;
        self.until_ends(&reader, &name, &from, |message| {
            // What came after the reading began is left out: a replay must not meet its own failures.
            let end = chosen.get(&message.partition()).copied().unwrap_or_default();
            message.offset() < end && each(self.stored(message)) && message.offset() + 1 < end
        })
    }

    fn beginnings(
        &self,
        reader: &BaseConsumer<EndSeeker>,
        name: &str,
        partitions: &HashMap<i32, i64>,
        since: Option<Millis>,
    ) -> Result<Vec<(i32, Offset)>, AdminError> {
        let all = partitions.keys().map(|partition| (*partition, Offset::Beginning));
        let Some(since) = since else {
            return Ok(all.collect());
        };
        let failed = |error: &KafkaError| self.unreachable(&format!("looking for a time in {name}"), error);
        let times: Vec<_> = all
            .map(|(partition, _)| (partition, Offset::Offset(since)))
            .collect();
        let times = listed(name, &times).map_err(|error| failed(&error))?;
        let found = reader.offsets_for_times(times, CALL);
        let found = found.map_err(|error| failed(&error))?;
        let later = found
            .elements()
            .into_iter()
            .filter_map(|element| match element.offset() {
                Offset::Offset(offset) => Some((element.partition(), Offset::Offset(offset))),
                _ => None,
            });
        Ok(later.collect())
    }

    /// The ends of a topic's partitions once no transaction is open below where they end now. The last stable offset
    /// stands still at an open transaction, below newer records that are committed (KAFKA-10167).
    fn settled_ends(
        &self,
        reader: &BaseConsumer<EndSeeker>,
        name: &str,
    ) -> Result<Vec<PartitionEnds>, AdminError> {
        let uncommitted = self.reader_of("unused", "read_uncommitted")?;
        let written = self.ends_of(&uncommitted, name)?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            let stable = self.ends_of(reader, name)?;
            let open = written
                .iter()
                .zip(&stable)
                .find(|(written, stable)| stable.end < written.end);
            let Some((written, stable)) = open else {
                return Ok(stable);
            };
            if Instant::now() > deadline {
                let why = format!(
                    "a transaction on partition {} stays open at offset {}, before its end at {}; its producer hangs, \
                     or holds it longer than {PATIENCE:?}: stop that producer and try again",
                    written.partition, stable.end, written.end
                );
                return Err(AdminError::Refused {
                    doing: format!("reading {name}"),
                    why,
                });
            }
            std::thread::sleep(STEP);
        }
    }

    /// When the first committed record at or after each of these offsets was appended; partitions without one are left
    /// out, since transaction markers and aborted records are none.
    pub(super) fn first_records(
        &self,
        reader: &BaseConsumer<EndSeeker>,
        name: &str,
        from: &[(i32, i64)],
    ) -> Result<HashMap<i32, Millis>, AdminError> {
        let mut first = HashMap::new();
        if from.is_empty() {
            return Ok(first);
        }
        let from: Vec<_> = from
            .iter()
            .map(|(partition, offset)| (*partition, Offset::Offset(*offset)))
            .collect();
        self.until_ends(reader, name, &from, |message| {
            let time = message.timestamp().to_millis().unwrap_or_default();
            first.insert(message.partition(), time);
            false
        })?;
        reader
            .unassign()
            .map_err(|error| self.unreachable("reading lag", &error))?;
        Ok(first)
    }

    /// Reads partitions of one topic (an end does not say of which topic it is) until each has ended once, or until
    /// `each` wants no more of it.
    pub(super) fn until_ends(
        &self,
        reader: &BaseConsumer<EndSeeker>,
        name: &str,
        from: &[(i32, Offset)],
        mut each: impl FnMut(&BorrowedMessage<'_>) -> bool,
    ) -> Result<(), AdminError> {
        let failed = |error: &KafkaError| self.unreachable(&format!("reading {name}"), error);
        reader
            .assign(&listed(name, from).map_err(|error| failed(&error))?)
            .map_err(|error| failed(&error))?;
        let mut left: HashSet<i32> = from.iter().map(|(partition, _)| *partition).collect();
        let mut heard = Instant::now();
        while !left.is_empty() {
            let event = reader.poll(STEP);
            match event {
                None if heard.elapsed() > PATIENCE => return Err(failed(&KafkaError::NoMessageReceived)),
                None => continue,
                Some(Err(KafkaError::PartitionEOF(partition))) => _ = left.remove(&partition),
                Some(Err(error)) if is_passing(&error) => continue,
                Some(Err(error)) => return Err(failed(&error)),
                Some(Ok(message)) => {
                    if left.contains(&message.partition()) && !each(&message) {
                        left.remove(&message.partition());
                    }
                }
            }
            heard = Instant::now();
        }
        Ok(())
    }

    pub(super) fn stored(&self, message: &BorrowedMessage<'_>) -> StoredRecord {
        let name = self.prefix.strip(message.topic()).unwrap_or(message.topic());
        let topic = Topic::from_name(name);
        StoredRecord {
            topic: name.to_owned(),
            partition: message.partition(),
            offset: message.offset(),
            time: message.timestamp().to_millis().unwrap_or_default(),
            written: topic.and_then(|topic| crate::work::written(topic, message.headers())),
            key: message.key().unwrap_or_default().to_vec(),
            value: message.payload().map(<[u8]>::to_vec),
            headers: headers(topic, message),
        }
    }
}

fn headers(topic: Option<Topic>, message: &BorrowedMessage<'_>) -> Vec<(String, Option<Vec<u8>>)> {
    let open = topic.is_some_and(Topic::is_open);
    let headers = message.headers().filter(|_| open).into_iter();
    headers
        .flat_map(Headers::iter)
        .map(|header| (header.key.to_owned(), header.value.map(<[u8]>::to_vec)))
        .collect()
}

/// What the client mends by itself; patience ends it if it does not.
pub(super) fn is_passing(error: &KafkaError) -> bool {
    let code = error.rdkafka_error_code();
    matches!(
        code,
        Some(
            RDKafkaErrorCode::BrokerTransportFailure
                | RDKafkaErrorCode::AllBrokersDown
                | RDKafkaErrorCode::NotLeaderForPartition
                | RDKafkaErrorCode::LeaderNotAvailable
                | RDKafkaErrorCode::UnknownTopicOrPartition
                | RDKafkaErrorCode::UnknownPartition
                | RDKafkaErrorCode::OperationTimedOut
        )
    )
}

fn listed(name: &str, from: &[(i32, Offset)]) -> Result<TopicPartitionList, KafkaError> {
    let mut list = TopicPartitionList::new();
    for (partition, offset) in from {
        list.add_partition_offset(name, *partition, *offset)?;
    }
    Ok(list)
}
