//! What the edge needs of the log behind it: take one event, and say when it is safe.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use model::RawEvent;

/// An event on its way to the log.
#[derive(Debug, Clone, PartialEq)]
pub struct Outgoing {
    /// The event.
    pub event: RawEvent,
    /// A valid W3C header for its record; that of the request, unless the event has one of its own.
    pub traceparent: Arc<str>,
}

/// Where raw events go. An event counts as taken only when all in-sync replicas acknowledged it (`acks=all`).
pub trait Ingest: Send + Sync + 'static {
    /// Writes the events of one request to the ingest topic, in their order, and waits for all. Gives the places of
    /// those that were not acknowledged, and why; every other one was.
    fn publish(&self, events: &[Outgoing]) -> impl Future<Output = Vec<(usize, IngestError)>> + Send;
}

/// Why an event was not acknowledged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IngestError {
    /// The log cannot be reached, is too slow or its queue is full; the event may be sent again.
    #[error(
        "the event log did not acknowledge the event: {cause}; send it again after the time in `Retry-After`, \
         with the `Idempotency-Key` of this answer if it has no id"
    )]
    Unavailable {
        /// When to try again.
        retry_after: Duration,
        /// What was seen.
        cause: String,
    },
    /// The log refuses a record of this size, however often it is sent.
    #[error("the event is larger than the {limit} bytes that the event log takes; send less data")]
    TooLarge {
        /// Largest record, in bytes.
        limit: usize,
    },
}
