//! A `read_committed` reader without a group.

use super::Broker;
use anyhow::{Result, bail};
use rdkafka::TopicPartitionList;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::BorrowedMessage;
use rdkafka::topic_partition_list::Offset;
use std::time::{Duration, Instant};

const STEP: Duration = Duration::from_millis(20);
const PATIENCE: Duration = Duration::from_secs(20);
const ANY_MORE: Duration = Duration::from_millis(500);

/// Reads one topic.
pub(crate) struct Reader(BaseConsumer);

impl Reader {
    /// Reads every partition from its offset on.
    pub(crate) fn new(broker: &Broker, topic: &str, from: &[i64]) -> Result<Self> {
        let mut config = broker.client();
        config
            .set("group.id", "unused")
            .set("isolation.level", "read_committed")
            .set("enable.auto.commit", "false")
            .set("fetch.wait.max.ms", "100")
            .set("auto.offset.reset", "error");
        let consumer: BaseConsumer = config.create()?;
        let mut list = TopicPartitionList::new();
        for (partition, offset) in (0..).zip(from) {
            list.add_partition_offset(topic, partition, Offset::Offset(*offset))?;
        }
        consumer.assign(&list)?;
        Ok(Self(consumer))
    }

    /// The next record, if one comes soon.
    pub(crate) fn next(&self) -> Result<Option<BorrowedMessage<'_>>> {
        match self.0.poll(STEP) {
            None | Some(Err(KafkaError::PartitionEOF(_))) => Ok(None),
            Some(read) => Ok(Some(read?)),
        }
    }

    /// Counts records until there are so many and no more come; too few or too many are an error.
    pub(crate) fn expect(&self, records: u64) -> Result<()> {
        let (mut read, mut last) = (0, Instant::now());
        loop {
            let patience = if read < records { PATIENCE } else { ANY_MORE };
            if self.next()?.is_some() {
                (read, last) = (read + 1, Instant::now());
            } else if last.elapsed() > patience {
                break;
            }
        }
        if read != records {
            bail!("{read} records came out where {records} were expected");
        }
        Ok(())
    }

    /// Counts the records below these ends.
    pub(crate) fn count_to(&self, ends: &[i64]) -> Result<u64> {
        let (mut read, mut last) = (0, Instant::now());
        loop {
            if self.next()?.is_some() {
                (read, last) = (read + 1, Instant::now());
            } else if self.is_at(ends)? {
                return Ok(read);
            } else if last.elapsed() > PATIENCE {
                bail!("the end does not come");
            }
        }
    }

    /// By position: the last record below an end may be gone.
    fn is_at(&self, ends: &[i64]) -> Result<bool> {
        let position = self.0.position()?;
        let at = |(partition, end): (i32, &i64)| {
            let places = position.elements();
            let place = places.iter().find(|place| place.partition() == partition);
            *end == 0 || place.is_some_and(|place| place.offset().to_raw().is_some_and(|at| at >= *end))
        };
        Ok((0..).zip(ends).all(at))
    }
}
