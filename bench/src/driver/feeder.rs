//! Writes input in one open transaction, so that its commit makes all of it readable at once and starts the clock.

use super::{Broker, CALL};
use anyhow::Result;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use std::time::Duration;

const POLL: Duration = Duration::from_millis(1);

/// What is written.
#[derive(Debug, Clone, Default)]
pub(crate) struct Record {
    pub(crate) key: Vec<u8>,
    pub(crate) value: Vec<u8>,
    /// The W3C trace context, as every record of the stream carries one.
    pub(crate) traceparent: Option<&'static str>,
    /// Milliseconds since the epoch, where the producer stamps.
    pub(crate) time: Option<i64>,
}

/// A transactional producer.
pub(crate) struct Feeder {
    producer: BaseProducer,
}

impl Feeder {
    /// A producer of this transactional id; `compression` as librdkafka names it.
    pub(crate) fn new(broker: &Broker, id: &str, compression: &str) -> Result<Self> {
        let mut config = broker.client();
        config
            .set("transactional.id", id)
            .set("transaction.timeout.ms", "600000")
            .set("linger.ms", "20")
            .set("batch.size", "131072")
            .set("compression.type", compression)
            .set("partitioner", "murmur2_random")
            .set("retry.backoff.ms", "5")
            .set("retry.backoff.max.ms", "20");
        let producer: BaseProducer = config.create()?;
        producer.init_transactions(CALL)?;
        Ok(Self { producer })
    }

    /// Writes the records into an open transaction; returns when the broker has them.
    pub(crate) fn fill(&self, topic: &str, records: impl Iterator<Item = Result<Record>>) -> Result<()> {
        self.producer.begin_transaction()?;
        for record in records {
            self.send(topic, &record?)?;
        }
        while self.producer.in_flight_count() > 0 {
            self.producer.poll(POLL);
        }
        Ok(())
    }

    fn send(&self, topic: &str, record: &Record) -> Result<()> {
        let mut to_send = BaseRecord::to(topic).key(&record.key).payload(&record.value);
        if let Some(value) = record.traceparent {
            let header = Header {
                key: "traceparent",
                value: Some(value),
            };
            to_send = to_send.headers(OwnedHeaders::new_with_capacity(1).insert(header));
        }
        if let Some(time) = record.time {
            to_send = to_send.timestamp(time);
        }
        loop {
            match self.producer.send(to_send) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), again)) => {
                    self.producer.poll(POLL);
                    to_send = again;
                }
                Err((error, _)) => return Err(error.into()),
            }
        }
    }

    /// Commits: everything written becomes readable.
    pub(crate) fn release(&self) -> Result<()> {
        Ok(self.producer.commit_transaction(CALL)?)
    }
}
