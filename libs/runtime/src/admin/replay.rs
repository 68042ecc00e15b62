//! Puts dead letters back on the topics they came from: the records and the note that they were replayed in one
//! transaction, so that a replay that is killed in the middle and begun again replays nothing twice.
//!
//! Each transaction has a producer of its own. A producer that is initialised ends what its predecessor left open and
//! raises the epoch, so a commit that was sent late can end no later transaction (KIP-890). It fences every other replay
//! as well; what that one has written before stands among the notes, and there this replay, whose plan knows nothing of
//! it, ends.

use super::{Admin, AdminError, CALL, Inner, blocking};
use crate::client;
use crate::work::{ATTEMPTS_HEADER, TRACE_HEADER};
use model::{DeadLetter, Encoder, Record, Replay, SchemaIds};
use rdkafka::Message;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord, Producer};
use rdkafka::topic_partition_list::Offset;
use stage::ORIGIN_HEADER;
use std::collections::HashMap;
use std::sync::Arc;
use telemetry::TraceContext;
use topology::{Prefix, Topic};

/// The transactional id, after the prefix: the same for every replay of an installation.
const TRANSACTIONAL_ID: &str = "dead-letters.replay";

/// Writes replays.
pub struct Replayer {
    inner: Arc<Inner>,
    ids: SchemaIds,
    producer: Option<FutureProducer>,
    /// The ends of the notes' partitions when this replay began.
    began: HashMap<i32, i64>,
}

impl Admin {
    /// Begins a replay. Of several at a time one writes; the others are refused.
    pub async fn replayer(&self, ids: SchemaIds) -> Result<Replayer, AdminError> {
        let inner = Arc::clone(&self.0);
        let begin = move || {
            let producer = Some(inner.replay_producer()?);
            let ends = inner.glancing(|reader| inner.ends_of(reader, &inner.notes()))?;
            let began = ends.iter().map(|ends| (ends.partition, ends.end)).collect();
            Ok(Replayer {
                inner,
                ids,
                producer,
                began,
            })
        };
        blocking("beginning a replay", begin).await
    }
}

impl Replayer {
    /// Writes the records of these letters, each as it was on the partition it came from, and the note of it; all or
    /// nothing.
    pub async fn write(&mut self, letters: Vec<DeadLetter>, note: &Replay) -> Result<(), AdminError> {
        let (inner, producer) = (Arc::clone(&self.inner), self.producer.take());
        let value = Encoder::new(self.ids).encoded(note);
        let (key, id, began) = (note.key().into_owned(), note.id.clone(), self.began.clone());
        let write = move || {
            let producer = if let Some(first) = producer {
                first
            } else {
                let next = inner.replay_producer()?;
                inner.refuse_if_others_wrote(&id, &began)?;
                next
            };
            let written = inner.write_replay(&producer, &letters, &key, &value);
            written.map_err(|error| inner.replay_failed(&error))
        };
        blocking("replaying", write).await
    }
}

impl Inner {
    /// The topic of the notes, with the prefix.
    fn notes(&self) -> String {
        self.prefix.apply(Topic::DeadLetterReplays.name())
    }

    /// Looks at the notes that were written since this replay began.
    fn refuse_if_others_wrote(&self, id: &str, began: &HashMap<i32, i64>) -> Result<(), AdminError> {
        let (name, mut others) = (self.notes(), false);
        self.glancing(|reader| {
            let ends = self.ends_of(reader, &name)?;
            let since = ends.iter().filter_map(|ends| {
                let from = began.get(&ends.partition).copied().unwrap_or(ends.low);
                (from < ends.end).then_some((ends.partition, Offset::Offset(from)))
            });
            let since: Vec<_> = since.collect();
            self.until_ends(reader, &name, &since, |message| {
                let key = message.key().and_then(|key| std::str::from_utf8(key).ok());
                others |= key
                    .and_then(|key| key.rsplit_once('/'))
                    .is_none_or(|(of, _)| of != id);
                !others
            })
        })?;
        if others { Err(taken_over()) } else { Ok(()) }
    }

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
                .headers(headers(letter, &self.prefix));
            let record = match &letter.key {
                Some(key) => record.key(key.as_slice()),
                None => record,
            };
            let payload = letter.payload.as_deref().unwrap_or_default();
            sent(producer, record.payload(payload))
        });
        let topic = self.notes();
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
            return taken_over();
        }
        self.unreachable("replaying; run it again, nothing is replayed twice", error)
    }
}

fn taken_over() -> AdminError {
    AdminError::Refused {
        doing: "replaying".to_owned(),
        why: "another replay is at work; let it end, then run this again: nothing is replayed twice"
            .to_owned(),
    }
}

fn sent(producer: &FutureProducer, record: FutureRecord<'_, [u8], [u8]>) -> Result<(), KafkaError> {
    producer
        .send_result(record)
        .map(|_| ())
        .map_err(|(error, _)| error)
}

/// The record's own headers, its trace context, where it stood first, and how often it has failed. A record that carries no trace context has
/// one that is made from its place; it keeps that in its new place.
fn headers(letter: &DeadLetter, prefix: &Prefix) -> OwnedHeaders {
    let mut headers = OwnedHeaders::new();
    for header in &letter.headers {
        headers = headers.insert(Header {
            key: &header.key,
            value: header.value.as_deref(),
        });
    }
    if !letter.headers.iter().any(|header| header.key == TRACE_HEADER) {
        let trace = TraceContext::of_record(&letter.topic, letter.partition, letter.offset);
        headers = headers.insert(Header {
            key: TRACE_HEADER,
            value: Some(&trace.to_string()),
        });
    }
    if !letter.headers.iter().any(|header| header.key == ORIGIN_HEADER) {
        let topic = prefix.strip(&letter.topic).unwrap_or(&letter.topic);
        let origin = format!("{topic}-{}-{}", letter.partition, letter.offset);
        headers = headers.insert(Header {
            key: ORIGIN_HEADER,
            value: Some(&origin),
        });
    }
    headers.insert(Header {
        key: ATTEMPTS_HEADER,
        value: Some(&letter.attempts.to_string()),
    })
}
