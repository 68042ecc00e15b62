//! The lane's producer: the one owner of its transactions.

use crate::fault::Fault;
use crate::names::Names;
use model::{Encoder, SchemaIds};
use rdkafka::ClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::ConsumerGroupMetadata;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, ProducerContext};
use rdkafka::topic_partition_list::TopicPartitionList;
use rdkafka::util::Timeout;
use stage::{Output, Poison};
use std::ops::Range;
use std::sync::Mutex;
use std::time::{Duration, Instant};
use topology::Topic;

/// How long a transactional call may take. The session timeout of the group is near, so waiting longer helps nobody.
const CALL: Duration = Duration::from_secs(15);
/// `BaseProducer::flush` polls in steps of 100 ms; draining in shorter ones is what keeps a commit short.
const DRAIN_STEP: Duration = Duration::from_micros(300);

/// Remembers the first delivery that failed.
#[derive(Default)]
struct Deliveries {
    failed: Mutex<Option<KafkaError>>,
}

impl ClientContext for Deliveries {
    fn error(&self, error: KafkaError, reason: &str) {
        tracing::warn!(%error, reason, "kafka producer");
    }
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if let Err((error, _)) = result
            && let Ok(mut failed) = self.failed.lock()
        {
            failed.get_or_insert_with(|| error.clone());
        }
    }
}

/// A producer with at most one open transaction.
pub(crate) struct Outbox {
    producer: BaseProducer<Deliveries>,
    names: Names,
    encoder: Encoder,
    bytes: Vec<u8>,
    pieces: Vec<(Topic, String, Range<usize>)>,
    begun: bool,
}

impl Outbox {
    /// A producer that has ended whatever its predecessor of the same transactional id left open.
    pub(crate) fn new(config: &ClientConfig, names: Names, ids: SchemaIds) -> Result<Self, Fault> {
        let made = config.create_with_context(Deliveries::default());
        let producer: BaseProducer<Deliveries> =
            made.map_err(|error| Fault::of("creating the producer", &error))?;
        let begun = producer.init_transactions(CALL);
        begun.map_err(|error| Fault::of("initialising transactions", &error))?;
        Ok(Self {
            producer,
            names,
            encoder: Encoder::new(ids),
            bytes: Vec::new(),
            pieces: Vec::new(),
            begun: false,
        })
    }

    /// Begins a transaction unless one is open.
    pub(crate) fn begin(&mut self) -> Result<(), Fault> {
        if !self.begun {
            let begun = self.producer.begin_transaction();
            begun.map_err(|error| Fault::of("beginning a transaction", &error))?;
            self.begun = true;
        }
        Ok(())
    }

    /// Writes all outputs of one record, or says why one of them cannot be written and writes none.
    pub(crate) fn send_all<O: Output>(
        &mut self,
        outputs: &[O],
        trace: &str,
    ) -> Result<Result<(), Poison>, Fault> {
        self.bytes.clear();
        self.pieces.clear();
        for output in outputs {
            let from = self.bytes.len();
            if let Err(error) = output.encode(&mut self.encoder, &mut self.bytes) {
                return Ok(Err(Poison::new("output_unencodable", error.to_string())));
            }
            let limit = output.topic().spec().max_message_bytes as usize;
            let size = self.bytes.len() - from;
            if size + 1024 > limit {
                let message = format!(
                    "{size} bytes for {}, {limit} are the limit",
                    output.topic().name()
                );
                return Ok(Err(Poison::new("output_too_large", message)));
            }
            self.pieces
                .push((output.topic(), output.key().into_owned(), from..self.bytes.len()));
        }
        let (bytes, pieces) = (std::mem::take(&mut self.bytes), std::mem::take(&mut self.pieces));
        for (topic, key, range) in &pieces {
            let headers = OwnedHeaders::new_with_capacity(1);
            let headers = headers.insert(Header {
                key: crate::work::TRACE_HEADER,
                value: Some(trace),
            });
            let record = BaseRecord::to(self.names.topic(*topic)).key(key.as_bytes());
            self.enqueue(record.payload(&bytes[range.clone()]).headers(headers))?;
        }
        (self.bytes, self.pieces) = (bytes, pieces);
        Ok(Ok(()))
    }

    /// Writes one change of state, or a tombstone.
    pub(crate) fn send_change(
        &self,
        topic: &str,
        partition: i32,
        (key, value): stage::Change<'_>,
    ) -> Result<(), Fault> {
        let record = BaseRecord::<[u8], [u8]>::to(topic).partition(partition).key(key);
        self.enqueue(match value {
            Some(value) => record.payload(value),
            None => record,
        })
    }

    fn enqueue(&self, mut record: BaseRecord<'_, [u8], [u8]>) -> Result<(), Fault> {
        loop {
            match self.producer.send(record) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), again)) => {
                    self.producer.poll(DRAIN_STEP);
                    record = again;
                }
                Err((error, record)) => {
                    return Err(Fault::of(&format!("producing to {}", record.topic), &error));
                }
            }
        }
    }

    /// Commits the transaction with these offsets.
    pub(crate) fn commit(
        &mut self,
        offsets: &TopicPartitionList,
        group: &ConsumerGroupMetadata,
    ) -> Result<(), Fault> {
        self.drain()?;
        let sent = self.producer.send_offsets_to_transaction(offsets, group, CALL);
        sent.map_err(|error| Fault::of("sending offsets to the transaction", &error))?;
        let committed = self.producer.commit_transaction(CALL);
        committed.map_err(|error| Fault::of("committing the transaction", &error))?;
        self.begun = false;
        Ok(())
    }

    /// Waits until the broker has acknowledged everything.
    fn drain(&self) -> Result<(), Fault> {
        let deadline = Instant::now() + CALL;
        self.producer.poll(Duration::ZERO);
        while self.producer.in_flight_count() > 0 {
            if Instant::now() > deadline {
                return Err(Fault::rebuild(
                    "the broker did not acknowledge the outputs in time",
                ));
            }
            self.producer.poll(DRAIN_STEP);
        }
        match self
            .producer
            .context()
            .failed
            .lock()
            .ok()
            .and_then(|mut failed| failed.take())
        {
            Some(error) => Err(Fault {
                recovery: crate::fault::Recovery::Abort,
                ..Fault::of("delivering", &error)
            }),
            None => Ok(()),
        }
    }

    /// Aborts the open transaction, if any.
    pub(crate) fn abort(&mut self) -> Result<(), Fault> {
        if self.begun {
            let aborted = self.producer.abort_transaction(Timeout::After(CALL));
            aborted.map_err(|error| Fault::of("aborting the transaction", &error))?;
            self.begun = false;
            self.producer.poll(Duration::ZERO);
            let _ = self
                .producer
                .context()
                .failed
                .lock()
                .map(|mut failed| failed.take());
        }
        Ok(())
    }
}
