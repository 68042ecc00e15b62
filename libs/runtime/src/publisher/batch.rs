//! Records that are sent together, and what became of each. A record costs one small allocation, and whoever waits is
//! woken once for all: a channel for each record costs more than everything else about it.

use super::rounds::{InFlight, Rounds};
use rdkafka::client::ClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseRecord, DeliveryResult, ProducerContext, ThreadedProducer};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// How long records wait for room in the client's queue.
const QUEUE_TIMEOUT: Duration = Duration::from_secs(1);
const TRY_AGAIN: Duration = Duration::from_millis(20);

/// A producer that tells batches what became of their records.
pub(super) type BatchProducer = ThreadedProducer<Acknowledgements>;

/// What is sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outgoing<'a> {
    pub(super) topic: &'a Arc<str>,
    pub(super) key: Option<&'a [u8]>,
    pub(super) value: &'a [u8],
    pub(super) traceparent: Option<&'a str>,
}

/// A record that is not on its topic: its place in the batch, and why.
pub(super) type Failed = (usize, KafkaError);

/// Hears from the client what became of each record.
#[derive(Debug)]
pub(super) struct Acknowledgements;

impl ClientContext for Acknowledgements {}

impl ProducerContext for Acknowledgements {
    type DeliveryOpaque = Box<Ticket>;

    fn delivery(&self, result: &DeliveryResult<'_>, ticket: Box<Ticket>) {
        if let Err((error, _)) = result {
            ticket.open.fail(ticket.place, error.clone());
        }
    }
}

/// One record that is on its way.
pub(super) struct Ticket {
    place: usize,
    open: Arc<Open>,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.open.in_flight.settled();
    }
}

/// What all tickets of a batch share; when the last is gone, everything is known.
struct Open {
    failed: Mutex<Vec<Failed>>,
    done: Option<oneshot::Sender<Vec<Failed>>>,
    in_flight: Arc<InFlight>,
}

impl Open {
    fn new(done: oneshot::Sender<Vec<Failed>>, in_flight: &Arc<InFlight>) -> Self {
        Self {
            failed: Mutex::default(),
            done: Some(done),
            in_flight: Arc::clone(in_flight),
        }
    }

    fn failed(&self) -> MutexGuard<'_, Vec<Failed>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fail(&self, place: usize, error: KafkaError) {
        self.failed().push((place, error));
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let failed = std::mem::take(&mut *self.failed());
        if let Some(done) = self.done.take() {
            // Whoever waited may have gone away.
            let _ = done.send(failed);
        }
    }
}

/// Where a record of a batch stands in its bytes.
struct Place {
    topic: Arc<str>,
    key: Option<Range<usize>>,
    value: Range<usize>,
    traceparent: Option<Range<usize>>,
}

/// Records that are sent one after the other and awaited together.
#[derive(Default)]
pub(super) struct Batch {
    bytes: Vec<u8>,
    records: Vec<Place>,
}

impl Batch {
    /// Adds a copy of a record.
    pub(super) fn push(&mut self, outgoing: &Outgoing<'_>) {
        let key = outgoing.key.map(|key| self.copy(key));
        let value = self.copy(outgoing.value);
        let traceparent = outgoing.traceparent.map(|header| self.copy(header.as_bytes()));
        self.records.push(Place {
            topic: Arc::clone(outgoing.topic),
            key,
            value,
            traceparent,
        });
    }

    fn copy(&mut self, bytes: &[u8]) -> Range<usize> {
        let begin = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        begin..self.bytes.len()
    }

    /// Sends all of them, and waits until each is acknowledged or given up; those that are not on their topic, in any
    /// order.
    pub(super) async fn sent(self, producer: &Arc<BatchProducer>, rounds: &Rounds) -> Vec<Failed> {
        let (tell, done) = oneshot::channel();
        rounds.add(Leaving {
            batch: self,
            next: 0,
            open: Arc::new(Open::new(tell, rounds.in_flight())),
            // Kept until then, so that every ticket comes back.
            producer: Arc::clone(producer),
            patience: Instant::now() + QUEUE_TIMEOUT,
        });
        done.await.unwrap_or_default()
    }

    fn record(&self, place: usize, ticket: Box<Ticket>) -> BaseRecord<'_, [u8], [u8], Box<Ticket>> {
        let at = &self.records[place];
        let mut record = BaseRecord::with_opaque_to(&at.topic, ticket).payload(&self.bytes[at.value.clone()]);
        record.key = at.key.clone().map(|key| &self.bytes[key]);
        record.headers = at.traceparent.clone().map(|value| {
            OwnedHeaders::new_with_capacity(1).insert(Header {
                key: crate::work::TRACE_HEADER,
                value: Some(&self.bytes[value]),
            })
        });
        record
    }
}

/// A batch that is being handed to the client. What of it was not handed over when this is dropped has failed.
pub(super) struct Leaving {
    batch: Batch,
    /// The first record that was not handed over.
    next: usize,
    open: Arc<Open>,
    producer: Arc<BatchProducer>,
    /// Until when records may wait for room.
    patience: Instant,
}

impl Leaving {
    /// Hands all records to the client, which keeps copies of them; waits while the client's queue is full.
    pub(super) async fn leave(mut self) {
        while self.next < self.batch.records.len() {
            self.open.in_flight.sent();
            let ticket = Box::new(Ticket {
                place: self.next,
                open: Arc::clone(&self.open),
            });
            let refused = self.producer.send(self.batch.record(self.next, ticket));
            if let Err((error, _)) = refused {
                let full = error.rdkafka_error_code() == Some(RDKafkaErrorCode::QueueFull);
                if full && Instant::now() < self.patience {
                    tokio::time::sleep(TRY_AGAIN).await;
                    continue;
                }
                self.open.fail(self.next, error);
            }
            self.next += 1;
        }
    }
}

impl Drop for Leaving {
    fn drop(&mut self) {
        for place in self.next..self.batch.records.len() {
            self.open.fail(place, KafkaError::Canceled);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rdkafka::ClientConfig;

    fn batch(topics: &[&str]) -> Batch {
        let mut batch = Batch::default();
        for topic in topics {
            batch.push(&Outgoing {
                topic: &Arc::from(*topic),
                key: Some(b"k"),
                value: b"v",
                traceparent: Some("00"),
            });
        }
        batch
    }

    fn places(failed: &[Failed]) -> Vec<usize> {
        let mut places: Vec<_> = failed.iter().map(|(place, _)| *place).collect();
        places.sort_unstable();
        places
    }

    #[tokio::test]
    async fn each_record_that_fails_is_told_at_its_place() {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", "127.0.0.1:1")
            .set("message.timeout.ms", "50");
        let producer = Arc::new(config.create_with_context(Acknowledgements).unwrap());
        let failed = batch(&["none", "none", "a\0b"])
            .sent(&producer, &Rounds::default())
            .await;
        assert_eq!(places(&failed), [0, 1, 2]);
    }

    #[tokio::test]
    async fn a_batch_of_nothing_ends_at_once() {
        let producer = Arc::new(ClientConfig::new().create_with_context(Acknowledgements).unwrap());
        let failed = Batch::default().sent(&producer, &Rounds::default()).await;
        assert_eq!(failed, []);
    }

    #[test]
    fn what_was_not_handed_over_when_its_runtime_ended_has_failed() {
        let producer = Arc::new(ClientConfig::new().create_with_context(Acknowledgements).unwrap());
        let (tell, mut done) = oneshot::channel();
        drop(Leaving {
            batch: batch(&["none", "none"]),
            next: 1,
            open: Arc::new(Open::new(tell, &Arc::default())),
            producer,
            patience: Instant::now(),
        });
        assert_eq!(places(&done.try_recv().unwrap()), [1]);
    }
}
