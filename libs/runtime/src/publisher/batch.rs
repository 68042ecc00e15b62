//! Records that are sent together, and what became of each. A record costs one small allocation, and whoever waits is
//! woken once for all: a channel for each record costs more than everything else about it.

use rdkafka::client::ClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseRecord, DeliveryResult, ProducerContext, ThreadedProducer};
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
    pub(super) topic: &'a str,
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

/// What all tickets of a batch share; when the last is gone, everything is known.
struct Open {
    failed: Mutex<Vec<Failed>>,
    done: Option<oneshot::Sender<Vec<Failed>>>,
}

impl Open {
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

/// Records that are sent one after the other and awaited together.
pub(super) struct Batch {
    producer: Arc<BatchProducer>,
    open: Arc<Open>,
    done: oneshot::Receiver<Vec<Failed>>,
    /// Until when records may wait for room.
    patience: Instant,
    next: usize,
}

impl Batch {
    pub(super) fn new(producer: Arc<BatchProducer>) -> Self {
        let (tell, done) = oneshot::channel();
        let open = Open {
            failed: Mutex::default(),
            done: Some(tell),
        };
        Self {
            producer,
            open: Arc::new(open),
            done,
            patience: Instant::now() + QUEUE_TIMEOUT,
            next: 0,
        }
    }

    /// Hands the next record to the client, which keeps a copy of it; waits while the client's queue is full.
    pub(super) async fn send(&mut self, outgoing: Outgoing<'_>) {
        let ticket = Box::new(Ticket {
            place: self.next,
            open: Arc::clone(&self.open),
        });
        self.next += 1;
        let mut record = record(&outgoing, ticket);
        while let Err((error, refused)) = self.producer.send(record) {
            let full = error.rdkafka_error_code() == Some(RDKafkaErrorCode::QueueFull);
            if !full || Instant::now() >= self.patience {
                self.open.fail(refused.delivery_opaque.place, error);
                return;
            }
            record = refused;
            tokio::time::sleep(TRY_AGAIN).await;
        }
    }

    /// Waits until all that were sent are acknowledged or given up; those that are not on their topic, in any order.
    pub(super) async fn ended(self) -> Vec<Failed> {
        drop(self.open);
        // The producer is kept until then, so that every ticket comes back.
        let failed = self.done.await;
        drop(self.producer);
        failed.unwrap_or_default()
    }
}

fn record<'a>(outgoing: &Outgoing<'a>, ticket: Box<Ticket>) -> BaseRecord<'a, [u8], [u8], Box<Ticket>> {
    let mut record = BaseRecord::with_opaque_to(outgoing.topic, ticket).payload(outgoing.value);
    record.key = outgoing.key;
    record.headers = outgoing.traceparent.map(|value| {
        OwnedHeaders::new_with_capacity(1).insert(Header {
            key: crate::work::TRACE_HEADER,
            value: Some(value),
        })
    });
    record
}

#[cfg(test)]
mod tests {
    use super::*;
    use rdkafka::ClientConfig;

    #[tokio::test]
    async fn each_record_that_fails_is_told_at_its_place() {
        let mut config = ClientConfig::new();
        config
            .set("bootstrap.servers", "127.0.0.1:1")
            .set("message.timeout.ms", "50");
        let producer = config.create_with_context(Acknowledgements).unwrap();
        let mut batch = Batch::new(Arc::new(producer));
        for value in [b"a", b"b"] {
            let outgoing = Outgoing {
                topic: "none",
                key: Some(b"k"),
                value,
                traceparent: Some("00"),
            };
            batch.send(outgoing).await;
        }
        let nul = Outgoing {
            topic: "a\0b",
            key: None,
            value: b"",
            traceparent: None,
        };
        batch.send(nul).await;
        let mut places: Vec<_> = batch.ended().await.into_iter().map(|(place, _)| place).collect();
        places.sort_unstable();
        assert_eq!(places, [0, 1, 2]);
    }

    #[tokio::test]
    async fn a_batch_of_nothing_ends_at_once() {
        let producer = ClientConfig::new().create_with_context(Acknowledgements).unwrap();
        assert_eq!(Batch::new(Arc::new(producer)).ended().await, []);
    }
}
