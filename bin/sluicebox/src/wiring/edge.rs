//! The HTTP edge meets Kafka and the process's metrics.

use adapters::{Dialect, Ingest, IngestError, Tally};
use model::RawEvent;
use runtime::{PublishError, Publisher};
use std::time::Duration;
use telemetry::Metrics;

/// Soon enough for a client, late enough for a broker that restarts.
const RETRY_AFTER: Duration = Duration::from_secs(2);
const SERVICE: &str = "adapters";

/// Raw events go onto the ingest topic.
pub(crate) struct KafkaIngest(pub(crate) Publisher);

impl Ingest for KafkaIngest {
    async fn publish(&self, event: RawEvent, traceparent: Option<String>) -> Result<(), IngestError> {
        let published = self.0.publish(&event, traceparent.as_deref()).await;
        published.map_err(|error| match error {
            PublishError::TooLarge { limit, .. } => IngestError::TooLarge { limit },
            other => IngestError::Unavailable {
                retry_after: RETRY_AFTER,
                cause: other.to_string(),
            },
        })
    }
}

/// What the edge takes and refuses, in the words of conservation.
pub(crate) struct EdgeTally(pub(crate) Metrics);

impl Tally for EdgeTally {
    fn accepted(&self, _: Dialect, events: u64) {
        self.0.read(SERVICE, events);
        self.0.out(SERVICE, events, events);
    }

    fn rejected(&self, _: Dialect, reason: &'static str, events: u64) {
        self.0.read(SERVICE, events);
        self.0.dead(SERVICE, reason, events);
    }

    fn refused(&self, reason: &'static str) {
        self.0.read(SERVICE, 1);
        self.0.filtered(SERVICE, reason, 1);
    }
}
