//! Writes records from outside the stream: the HTTP edge, the command line. Idempotent, `acks=all`, never in a
//! transaction, because there is no input to commit with it.

mod batch;
mod rounds;

use crate::client;
use batch::{Acknowledgements, Batch, BatchProducer, Outgoing};
use model::{Encoder, SchemaIds};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::Producer;
use rounds::Rounds;
use settings::KafkaSettings;
use stage::Output;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use topology::{Prefix, Topic};

/// How long a record may wait for its acknowledgement, the broker being away or slow; then the caller is told.
const DELIVERY_TIMEOUT: Duration = Duration::from_secs(10);
/// What Kafka adds to a record: batch header, record header, header names.
const OVERHEAD: usize = 1024;

/// Why a record is not on its topic.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// The topic takes no record of this size; sending it again does not help.
    #[error("a record of {size} bytes is too large for {topic}, which takes {limit}; send less data")]
    TooLarge {
        /// The topic, without the prefix.
        topic: &'static str,
        /// Key and value, in bytes.
        size: usize,
        /// The most that is taken, in bytes.
        limit: usize,
    },
    /// More is being sent than the broker takes; send it again later.
    #[error("the queue to Kafka is full: the broker takes less than is being sent; send again later")]
    QueueFull,
    /// The broker did not acknowledge in time, or refuses; send it again later.
    #[error("Kafka did not acknowledge: {why}")]
    Unavailable {
        /// What the client said.
        why: String,
    },
    /// No client can be made of these settings.
    #[error("{0}")]
    Settings(String),
}

/// A producer for records that do not come from the stream; cheap to clone, shared by all tasks of a process.
#[derive(Clone)]
pub struct Publisher(Arc<Inner>);

struct Inner {
    kafka: KafkaSettings,
    prefix: Prefix,
    encoder: Encoder,
    current: RwLock<Current>,
    rounds: Rounds,
}

/// The producer that is used now, and how many there were before it.
#[derive(Clone)]
struct Current {
    producer: Arc<BatchProducer>,
    number: u64,
}

impl Publisher {
    /// A publisher that writes with these schema ids; connects when the first record is sent.
    pub fn new(kafka: &KafkaSettings, prefix: &Prefix, ids: SchemaIds) -> Result<Self, PublishError> {
        let producer = create(kafka)?;
        let current = RwLock::new(Current { producer, number: 0 });
        Ok(Self(Arc::new(Inner {
            kafka: kafka.clone(),
            prefix: prefix.clone(),
            encoder: Encoder::new(ids),
            current,
            rounds: Rounds::default(),
        })))
    }

    /// Writes a record to its topic; returns when the broker has it on all in-sync replicas.
    /// `traceparent` is a W3C trace context to be carried on.
    pub async fn publish<O: Output>(
        &self,
        output: &O,
        traceparent: Option<&str>,
    ) -> Result<(), PublishError> {
        let mut value = Vec::new();
        output.encode(&self.0.encoder, &mut value);
        let key = output.key();
        let mut sending = self.0.begin();
        sending.add(output.topic(), Some(key.as_bytes()), &value, traceparent);
        alone(sending.ended().await)
    }

    /// Writes records in their order, each with its trace context, and awaits all together. Gives those that are not on
    /// their topic, by their places; every other one is.
    pub async fn publish_all<O: Output + Sync>(
        &self,
        outputs: &[(&O, Option<&str>)],
    ) -> Vec<(usize, PublishError)> {
        let (mut sending, mut value) = (self.0.begin(), Vec::new());
        for (output, traceparent) in outputs {
            value.clear();
            output.encode(&self.0.encoder, &mut value);
            let key = output.key();
            sending.add(output.topic(), Some(key.as_bytes()), &value, *traceparent);
        }
        sending.ended().await
    }

    /// Writes bytes as they are, whatever they are; returns when the broker has them.
    pub async fn publish_raw(
        &self,
        topic: Topic,
        key: Option<&[u8]>,
        value: &[u8],
    ) -> Result<(), PublishError> {
        let mut sending = self.0.begin();
        sending.add(topic, key, value, None);
        alone(sending.ended().await)
    }

    /// Waits until everything sent so far has been acknowledged or given up.
    pub async fn flush(&self, deadline: Duration) -> Result<(), PublishError> {
        let Current { producer, .. } = self.0.current();
        // One of nothing ends once everything before it was handed over.
        Batch::default().sent(&producer, &self.0.rounds).await;
        blocking(move || producer.flush(deadline)).await
    }

    /// Asks the broker for its metadata: an answer means that events can be sent, because their topic is there too.
    pub async fn check(&self, deadline: Duration) -> Result<(), PublishError> {
        let producer = self.0.current().producer;
        let name = self.0.prefix.apply(Topic::IngestEvents.name());
        let asked = name.clone();
        let found = blocking(move || {
            let metadata = producer.client().fetch_metadata(Some(&asked), deadline)?;
            let topic = metadata.topics().iter().find(|topic| topic.name() == asked);
            let there = topic.is_some_and(|topic| topic.error().is_none() && !topic.partitions().is_empty());
            Ok(there)
        });
        if found.await? {
            Ok(())
        } else {
            Err(no_topic(&name))
        }
    }
}

/// Records that are to be sent together.
struct Sending<'a> {
    inner: &'a Inner,
    batch: Batch,
    /// The place, topic and size of each record of the batch.
    records: Vec<(usize, Topic, usize)>,
    too_large: Vec<(usize, PublishError)>,
    topic: Option<(Topic, Arc<str>)>,
}

impl Sending<'_> {
    fn add(&mut self, topic: Topic, key: Option<&[u8]>, value: &[u8], traceparent: Option<&str>) {
        let place = self.records.len() + self.too_large.len();
        let size = key.map_or(0, <[u8]>::len) + value.len();
        if size > limit(topic) {
            self.too_large.push((place, too_large(topic, size)));
            return;
        }
        self.records.push((place, topic, size));
        let named = self.topic.take().filter(|(named, _)| *named == topic);
        let named = named.unwrap_or_else(|| (topic, self.inner.prefix.apply(topic.name()).into()));
        let (_, name) = self.topic.insert(named);
        self.batch.push(&Outgoing {
            topic: name,
            key,
            value,
            traceparent,
        });
    }

    async fn ended(self) -> Vec<(usize, PublishError)> {
        let mut failed = self.too_large;
        let Current { producer, number } = self.inner.current();
        for (at, error) in self.batch.sent(&producer, &self.inner.rounds).await {
            self.inner.replace_if_broken(number, &error);
            if let Some((place, topic, size)) = self.records.get(at) {
                failed.push((*place, self.inner.why(*topic, *size, &error)));
            }
        }
        failed
    }
}

/// What became of the only record of a batch.
fn alone(mut failed: Vec<(usize, PublishError)>) -> Result<(), PublishError> {
    failed.pop().map_or(Ok(()), |(_, error)| Err(error))
}

impl Inner {
    fn current(&self) -> Current {
        self.current
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn begin(&self) -> Sending<'_> {
        Sending {
            inner: self,
            batch: Batch::default(),
            records: Vec::new(),
            too_large: Vec::new(),
            topic: None,
        }
    }

    fn why(&self, topic: Topic, size: usize, error: &KafkaError) -> PublishError {
        match error.rdkafka_error_code() {
            Some(RDKafkaErrorCode::QueueFull) => PublishError::QueueFull,
            Some(RDKafkaErrorCode::MessageSizeTooLarge) => too_large(topic, size),
            Some(RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic) => {
                no_topic(&self.prefix.apply(topic.name()))
            }
            _ => PublishError::Unavailable {
                why: client::why(error),
            },
        }
    }

    /// An idempotent producer that met a fatal error sends nothing ever again, and one that was told of a partition
    /// without a leader may never send to it again (librdkafka issue 5430). A new one does.
    fn replace_if_broken(&self, number: u64, error: &KafkaError) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        let timed_out = error.rdkafka_error_code() == Some(RDKafkaErrorCode::MessageTimedOut);
        let broken = timed_out || current.producer.client().fatal_error().is_some();
        // Many records may fail with one producer; it is replaced once.
        if current.number != number || !broken {
            return;
        }
        if let Ok(producer) = create(&self.kafka) {
            tracing::warn!(%error, "the producer is broken; a new one takes its place");
            *current = Current {
                producer,
                number: number + 1,
            };
        }
    }
}

fn create(kafka: &KafkaSettings) -> Result<Arc<BatchProducer>, PublishError> {
    let mut config = client::base(kafka);
    config
        .set("enable.idempotence", "true")
        .set("acks", "all")
        .set("message.timeout.ms", DELIVERY_TIMEOUT.as_millis().to_string())
        // A client waits for its answer: a record goes out at once, and those that come while others are on their way
        // gather into the next batch by themselves.
        .set("linger.ms", "0")
        .set("compression.type", "lz4")
        .set("message.max.bytes", "4194304")
        .set("queue.buffering.max.kbytes", "65536")
        // The same key goes to the same partition, whichever client wrote it: Java's partitioner.
        .set("partitioner", "murmur2_random");
    config
        .create_with_context(Acknowledgements)
        .map(Arc::new)
        .map_err(|error| PublishError::Settings(client::why(&error)))
}

fn limit(topic: Topic) -> usize {
    usize::try_from(topic.spec().max_message_bytes).unwrap_or(usize::MAX) - OVERHEAD
}

fn no_topic(name: &str) -> PublishError {
    PublishError::Unavailable {
        why: format!("there is no topic {name}; run `sluicebox topics apply`"),
    }
}

fn too_large(topic: Topic, size: usize) -> PublishError {
    PublishError::TooLarge {
        topic: topic.name(),
        size,
        limit: limit(topic),
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, KafkaError> + Send + 'static,
) -> Result<T, PublishError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done.map_err(|error| PublishError::Unavailable {
            why: client::why(&error),
        }),
        Err(stopped) => Err(PublishError::Unavailable {
            why: stopped.to_string(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use topology::Schema;

    fn away() -> Publisher {
        let kafka = KafkaSettings {
            brokers: "127.0.0.1:1".to_owned(),
            ..KafkaSettings::default()
        };
        Publisher::new(&kafka, &Prefix::default(), SchemaIds([0; Schema::ALL.len()])).unwrap()
    }

    #[tokio::test]
    async fn what_is_too_large_is_refused_before_it_is_queued() {
        let huge = vec![0; 3 << 20];
        let refused = away().publish_raw(Topic::IngestEvents, None, &huge).await;
        let limit = limit(Topic::IngestEvents);
        assert_eq!(
            refused,
            Err(PublishError::TooLarge {
                topic: "ingest.events",
                size: 3 << 20,
                limit
            })
        );
    }

    #[tokio::test]
    async fn a_producer_whose_record_timed_out_is_replaced_once() {
        let (publisher, timed_out) = (away(), RDKafkaErrorCode::MessageTimedOut);
        let failed = |number, code| {
            let error = KafkaError::MessageProduction(code);
            publisher.0.replace_if_broken(number, &error);
            publisher.0.current().number
        };
        assert_eq!(failed(0, RDKafkaErrorCode::NotEnoughReplicas), 0, "it may do yet");
        assert_eq!(failed(0, timed_out), 1);
        assert_eq!(failed(0, timed_out), 1, "another record of the old one");
        assert_eq!(failed(1, timed_out), 2);
    }

    #[tokio::test]
    async fn a_broker_that_is_away_is_said_to_be() {
        let answer = away().check(Duration::from_millis(100)).await;
        assert!(
            matches!(answer, Err(PublishError::Unavailable { .. })),
            "{answer:?}"
        );
    }
}
