//! Puts dead letters back on the topics they came from: the records and the note that they were replayed in one
//! transaction, so that a replay that is killed in the middle and begun again replays nothing twice.
//!
//! Each transaction has a producer of its own. A producer that is initialised ends what its predecessor left open and
//! raises the epoch, so a commit that was sent late can end no later transaction (KIP-890), and of two replays at a time
//! the older one is fenced.

use super::{Admin, AdminError, CALL, Inner, blocking};
use crate::client;
use crate::work::ATTEMPTS_HEADER;
use model::{DeadLetter, Encoder, Replay, SchemaIds};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord, Producer};
use std::sync::Arc;
use topology::Topic;

/// The transactional id, after the prefix: the same for every replay of an installation.
const TRANSACTIONAL_ID: &str = "dead-letters.replay";

/// Writes replays.
pub struct Replayer {
    inner: Arc<Inner>,
    ids: SchemaIds,
    producer: Option<FutureProducer>,
}

impl Admin {
    /// Whoever writes replays from now on; another replay that runs anywhere can write nothing more.
    pub async fn replayer(&self, ids: SchemaIds) -> Result<Replayer, AdminError> {
        let inner = Arc::clone(&self.0);
        let first = Arc::clone(&self.0);
        let producer = Some(blocking("beginning a replay", move || first.replay_producer()).await?);
        Ok(Replayer { inner, ids, producer })
    }
}

impl Replayer {
    /// Writes the records of these letters, each as it was on the partition it came from, and the note of it; all or
    /// nothing.
    pub async fn write(&mut self, letters: Vec<DeadLetter>, note: &Replay) -> Result<(), AdminError> {
        let (inner, producer, mut value) = (Arc::clone(&self.inner), self.producer.take(), Vec::new());
        let encoded = Encoder::new(self.ids).encode(note, &mut value);
        encoded.map_err(|error| AdminError::Refused {
            doing: "noting a replay".to_owned(),
            why: error.to_string(),
        })?;
        let key = model::Record::key(note).into_owned();
        let write = move || {
            let producer = match producer {
                Some(producer) => producer,
                None => inner.replay_producer()?,
            };
            let written = inner.write_replay(&producer, &letters, &key, &value);
            written.map_err(|error| inner.replay_failed(&error))
        };
        blocking("replaying", write).await
    }
}

impl Inner {
    fn replay_producer(&self) -> Result<FutureProducer, AdminError> {
        let mut config = self.config.clone();
        config
            .set("transactional.id", self.prefix.apply(TRANSACTIONAL_ID))
            .set("message.max.bytes", "4194304")
            .set("compression.type", "lz4")
            .set("partitioner", "murmur2_random")
            .set("linger.ms", "2");
        let made = config.create();
        let producer: FutureProducer = made.map_err(|error| AdminError::Settings(client::why(&error)))?;
        let begun = producer.init_transactions(CALL);
        begun.map_err(|error| self.replay_failed(&error))?;
        Ok(producer)
    }

    fn write_replay(
        &self,
        producer: &FutureProducer,
        letters: &[DeadLetter],
        key: &str,
        note: &[u8],
    ) -> Result<(), KafkaError> {
        producer.begin_transaction()?;
        let written = letters.iter().try_for_each(|letter| {
            let record = FutureRecord::<[u8], [u8]>::to(&letter.topic)
                .partition(letter.partition)
                .headers(headers(letter));
            let record = match &letter.key {
                Some(key) => record.key(key.as_slice()),
                None => record,
            };
            let payload = letter.payload.as_deref().unwrap_or_default();
            sent(producer, record.payload(payload))
        });
        let topic = self.prefix.apply(Topic::DeadLetterReplays.name());
        let note = FutureRecord::<[u8], [u8]>::to(&topic)
            .key(key.as_bytes())
            .payload(note);
        // A record that is not delivered lets the commit fail.
        let committed = written
            .and_then(|()| sent(producer, note))
            .and_then(|()| producer.commit_transaction(CALL));
        if committed.is_err() {
            // Whatever comes of it: the next producer ends what this one leaves open.
            let _ = producer.abort_transaction(CALL);
        }
        committed
    }

    fn replay_failed(&self, error: &KafkaError) -> AdminError {
        let fenced = matches!(
            error.rdkafka_error_code(),
            Some(
                RDKafkaErrorCode::Fenced
                    | RDKafkaErrorCode::ProducerFenced
                    | RDKafkaErrorCode::InvalidProducerEpoch
            )
        );
        if fenced {
            let why = "another replay has begun and took over; let it end, then run this again: nothing is replayed twice";
            return AdminError::Refused {
                doing: "replaying".to_owned(),
                why: why.to_owned(),
            };
        }
        self.unreachable("replaying; run it again, nothing is replayed twice", error)
    }
}

fn sent(producer: &FutureProducer, record: FutureRecord<'_, [u8], [u8]>) -> Result<(), KafkaError> {
    producer
        .send_result(record)
        .map(|_| ())
        .map_err(|(error, _)| error)
}

/// The record's own headers, and how often it has failed.
fn headers(letter: &DeadLetter) -> OwnedHeaders {
    let own = letter
        .headers
        .iter()
        .fold(OwnedHeaders::new(), |headers, header| {
            headers.insert(Header {
                key: &header.key,
                value: header.value.as_deref(),
            })
        });
    own.insert(Header {
        key: ATTEMPTS_HEADER,
        value: Some(&letter.attempts.to_string()),
    })
}
