//! The lane's producer: the one owner of its transactions.

use super::transactor::{Transactor, is_transactional, opaque, task_of};
use crate::fault::{self, Fault};
use crate::host::thread;
use crate::kafka::{Kafka, Librdkafka, Outgoing, Producer};
use crate::names::Names;
use crate::stop::Stop;
use model::{Encoder, SchemaIds};
use rdkafka::config::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::BaseRecord;
use rdkafka::topic_partition_list::TopicPartitionList;
use stage::{Blame, Output, Poison, Task};
use std::fmt::{self, Display, Write};
use std::ops::Range;
use std::time::Duration;
use topology::{Changelog, Topic};

/// How long a full queue is left to the broker before it is looked at again.
const ROOM_STEP: Duration = Duration::from_millis(1);

/// One record on its way: where to, and where its key and its value stand in the buffer.
struct Piece {
    topic: Topic,
    key: Range<usize>,
    value: Range<usize>,
}

/// What a record has around its key and value, at most.
const AROUND: usize = 1024;

/// Whether a changelog takes a change of state.
pub(crate) fn fits_changelog((key, value): stage::Change<'_>) -> bool {
    key.len() + value.map_or(0, <[u8]>::len) + AROUND <= Changelog::MAX_MESSAGE_BYTES as usize
}

/// An output that its topic does not take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooLarge {
    topic: Topic,
    size: usize,
    limit: usize,
}

impl TooLarge {
    /// Why the record that led to it can never be processed. A record that is itself a good part of what is taken was
    /// made so by whoever sent it; what a small one grows into is a rule's or a setting's doing.
    pub(crate) fn of_record(self, bytes: usize) -> Poison {
        let blame = if bytes.saturating_mul(4) >= self.limit {
            Blame::Producer
        } else {
            Blame::Ours
        };
        Poison::of(blame, "output_too_large", self.to_string())
    }
}

impl Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { topic, size, limit } = self;
        write!(f, "{size} bytes for {}, {limit} are the limit", topic.name())
    }
}

/// A producer with at most one open transaction. Buffers are kept from record to record.
pub(crate) struct Outbox<K: Kafka = Librdkafka> {
    transactor: Transactor<K::Producer>,
    config: ClientConfig,
    limit: Duration,
    stop: Stop,
    names: Names,
    encoder: Encoder,
    bytes: Vec<u8>,
    pieces: Vec<Piece>,
    header: String,
    begun: bool,
}

impl<K: Kafka> Outbox<K> {
    /// A producer that has ended whatever its predecessor of the same transactional id left open. `limit` is how long
    /// the broker may take for a call, and for all acknowledgements before a commit.
    pub(crate) fn new(
        config: &ClientConfig,
        limit: Duration,
        stop: Stop,
        names: Names,
        ids: SchemaIds,
    ) -> Result<Self, Fault> {
        Ok(Self {
            transactor: start::<K>(config, limit, stop.clone())?,
            config: config.clone(),
            limit,
            stop,
            names,
            encoder: Encoder::new(ids),
            bytes: Vec::new(),
            pieces: Vec::new(),
            header: String::new(),
            begun: false,
        })
    }

    /// Puts a new producer in the place of this one. Its epoch is higher, so whatever the old one still has on its way
    /// comes to nothing.
    pub(crate) fn renew(&mut self) -> Result<(), Fault> {
        self.transactor = start::<K>(&self.config, self.limit, self.stop.clone())?;
        self.begun = false;
        Ok(())
    }

    /// Writes all outputs of one record of a task, or says why one of them cannot be written and writes none.
    pub(crate) fn send_all<O: Output>(
        &mut self,
        task: Task,
        outputs: &[O],
        trace: &impl Display,
    ) -> Result<Result<(), TooLarge>, Fault> {
        if let Err(too_large) = self.encode(outputs) {
            return Ok(Err(too_large));
        }
        self.begin()?;
        self.header.clear();
        let _ = write!(self.header, "{trace}");
        let traced = self.header.len();
        let _ = write!(self.header, "{}", crate::work::wall_clock());
        let (trace, written) = self.header.split_at(traced);
        for piece in &self.pieces {
            let headers = OwnedHeaders::new_with_capacity(2)
                .insert(Header {
                    key: crate::work::TRACE_HEADER,
                    value: Some(trace),
                })
                .insert(Header {
                    key: crate::work::WRITTEN_HEADER,
                    value: Some(written),
                });
            let topic = self.names.topic(piece.topic);
            let record = BaseRecord::with_opaque_to(topic, opaque(task)).key(&self.bytes[piece.key.clone()]);
            self.enqueue(record.payload(&self.bytes[piece.value.clone()]).headers(headers))?;
        }
        Ok(Ok(()))
    }

    fn encode<O: Output>(&mut self, outputs: &[O]) -> Result<(), TooLarge> {
        self.bytes.clear();
        self.pieces.clear();
        for output in outputs {
            let topic = output.topic();
            self.bytes.extend_from_slice(output.key().as_bytes());
            let key = self.pieces.last().map_or(0, |piece| piece.value.end)..self.bytes.len();
            output.encode(&self.encoder, &mut self.bytes);
            let value = key.end..self.bytes.len();
            let (size, limit) = (value.len(), topic.spec().max_message_bytes as usize);
            if size + AROUND > limit {
                return Err(TooLarge { topic, size, limit });
            }
            self.pieces.push(Piece { topic, key, value });
        }
        Ok(())
    }

    /// Writes one change of a task's state, or a tombstone.
    pub(crate) fn send_change(
        &mut self,
        task: Task,
        topic: &str,
        partition: i32,
        (key, value): stage::Change<'_>,
    ) -> Result<(), Fault> {
        self.begin()?;
        let record = BaseRecord::<[u8], [u8], _>::with_opaque_to(topic, opaque(task));
        let record = record.partition(partition).key(key);
        self.enqueue(match value {
            Some(value) => record.payload(value),
            None => record,
        })
    }

    fn begin(&mut self) -> Result<(), Fault> {
        if !self.begun && is_transactional(&self.config) {
            self.transactor.begin()?;
            self.begun = true;
        }
        Ok(())
    }

    /// A full queue means waiting for the broker; what it does not take in time fails, and the queue is free again.
    fn enqueue(&self, mut record: Outgoing<'_>) -> Result<(), Fault> {
        let producer = self.transactor.producer();
        loop {
            match producer.send(record) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), again)) => {
                    make_room(producer);
                    record = again;
                }
                Err((error, record)) => {
                    // Nothing more is taken once an output did not arrive: then that is what happened.
                    producer.poll();
                    let void = || {
                        fault::is_consequence(&error)
                            .then(|| self.transactor.why_void())
                            .flatten()
                    };
                    let fault = || Fault::of_delivery(record.topic, &error, task_of(record.delivery_opaque));
                    return Err(self.failure().or_else(void).unwrap_or_else(fault));
                }
            }
        }
    }

    /// Commits the transaction with these offsets, once the broker has acknowledged everything in it; says whether the
    /// producer may be used again.
    pub(crate) fn commit(
        &mut self,
        offsets: TopicPartitionList,
        group: <K::Producer as Producer>::Group,
    ) -> Result<bool, Fault> {
        self.begin()?;
        let doubtful = self.transactor.commit(offsets, group);
        // What did not arrive is why the commit failed.
        let doubtful = doubtful.map_err(|fault| self.failure().unwrap_or(fault))?;
        self.begun = false;
        Ok(doubtful)
    }

    fn failure(&self) -> Option<Fault> {
        self.transactor.producer().deliveries().take_failure()
    }

    /// Waits until the broker has acknowledged everything.
    #[cfg(feature = "bench")]
    pub(super) fn flush(&self) -> Result<(), Fault> {
        let producer = self.transactor.producer();
        let flushed = producer.flush(self.limit);
        producer.poll();
        match self.failure() {
            Some(fault) => Err(fault),
            None => flushed.map_err(|error| error.fault("waiting for acknowledgements")),
        }
    }

    /// Aborts the open transaction, if any; says whether the producer may be used again.
    pub(crate) fn abort(&mut self) -> Result<bool, Fault> {
        if !self.begun {
            return Ok(false);
        }
        let doubtful = self.transactor.abort()?;
        self.begun = false;
        self.transactor.producer().poll();
        let _ = self.failure();
        Ok(doubtful)
    }
}

/// Sends what lingers, takes what deliveries there are, and lets others work for a moment.
fn make_room(producer: &impl Producer) {
    producer.pulse();
    producer.poll();
    thread::sleep(ROOM_STEP);
}

fn start<K: Kafka>(
    config: &ClientConfig,
    limit: Duration,
    stop: Stop,
) -> Result<Transactor<K::Producer>, Fault> {
    let producer = K::producer(config).map_err(|error| Fault::of("creating the producer", &error))?;
    Transactor::start(producer, config, limit, stop)
}
