//! How far a `read_committed` reader could read a topic: its last stable offsets.

use super::{Broker, CALL};
use anyhow::Result;
use rdkafka::consumer::{BaseConsumer, Consumer};

/// Asks for the ends of one topic.
pub(crate) struct Ends {
    consumer: BaseConsumer,
    topic: String,
    partitions: i32,
}

impl Ends {
    /// Of this topic.
    pub(crate) fn new(broker: &Broker, topic: String, partitions: i32) -> Result<Self> {
        let mut config = broker.client();
        let config = config
            .set("group.id", "unused")
            .set("isolation.level", "read_committed");
        let consumer = config.create()?;
        Ok(Self {
            consumer,
            topic,
            partitions,
        })
    }

    /// The last stable offset of each partition.
    pub(crate) fn now(&self) -> Result<Vec<i64>> {
        let end = |partition| {
            let (_, end) = self.consumer.fetch_watermarks(&self.topic, partition, CALL)?;
            Ok(end)
        };
        (0..self.partitions).map(end).collect()
    }
}
