//! Reads topics from their beginning to where they end now.

use super::{Admin, AdminError, Inner, blocking};
use crate::client::EndSeeker;
use rdkafka::Message;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::BorrowedMessage;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

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
    /// Its key; empty if it has none.
    pub key: Vec<u8>,
    /// Its value; `None` in a compacted topic means that the key is deleted.
    pub value: Option<Vec<u8>>,
}

impl Admin {
    /// The newest value of every key of these topics (named without the prefix), as far as it is committed now;
    /// deleted keys are left out.
    pub async fn read_latest(&self, topics: &[String]) -> Result<Vec<StoredRecord>, AdminError> {
        let (inner, topics) = (Arc::clone(&self.0), topics.to_vec());
        let read = move || {
            let mut latest = BTreeMap::new();
            inner.scan(&topics, |record| {
                let place = (record.topic.clone(), record.partition, record.key.clone());
                if record.value.is_some() {
                    latest.insert(place, record)
                } else {
                    latest.remove(&place)
                };
            })?;
            Ok(latest.into_values().collect())
        };
        blocking("reading topics", read).await
    }

    /// Every record of these topics (named without the prefix), as far as it is committed now, in the order of each
    /// partition. All of it is held in memory.
    pub async fn read_every(&self, topics: &[String]) -> Result<Vec<StoredRecord>, AdminError> {
        let (inner, topics) = (Arc::clone(&self.0), topics.to_vec());
        let read = move || {
            let mut every = Vec::new();
            inner.scan(&topics, |record| every.push(record))?;
            Ok(every)
        };
        blocking("reading topics", read).await
    }
}

impl Inner {
    fn scan(&self, topics: &[String], mut each: impl FnMut(StoredRecord)) -> Result<(), AdminError> {
        let reader = self.reader("unused")?;
        for topic in topics {
            let name = self.prefix.apply(topic);
            let partitions = self.partitions(&reader, &name)?;
            let from: Vec<_> = partitions
                .into_iter()
                .map(|partition| (partition, Offset::Beginning))
                .collect();
            self.until_ends(&reader, &name, &from, |message| {
                each(self.stored(message));
                true
            })?;
        }
        Ok(())
    }

    /// Those of the partitions that hold at least one committed record at or after their offset; transaction markers
    /// and aborted records are none.
    pub(super) fn holding_records(
        &self,
        name: &str,
        from: &[(i32, i64)],
    ) -> Result<HashSet<i32>, AdminError> {
        let mut filled = HashSet::new();
        if from.is_empty() {
            return Ok(filled);
        }
        let from: Vec<_> = from
            .iter()
            .map(|(partition, offset)| (*partition, Offset::Offset(*offset)))
            .collect();
        self.until_ends(&self.reader("unused")?, name, &from, |message| {
            filled.insert(message.partition());
            false
        })?;
        Ok(filled)
    }

    /// Reads partitions of one topic (an end does not say of which topic it is) until each has ended once, or until
    /// `each` wants no more of it.
    fn until_ends(
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

    fn stored(&self, message: &BorrowedMessage<'_>) -> StoredRecord {
        StoredRecord {
            topic: self
                .prefix
                .strip(message.topic())
                .unwrap_or(message.topic())
                .to_owned(),
            partition: message.partition(),
            offset: message.offset(),
            time: message.timestamp().to_millis().unwrap_or_default(),
            key: message.key().unwrap_or_default().to_vec(),
            value: message.payload().map(<[u8]>::to_vec),
        }
    }
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
