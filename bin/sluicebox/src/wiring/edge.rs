//! The HTTP edge meets Kafka and the process's metrics.

use adapters::{Dialect, Ingest, IngestError, Outgoing, Tally};
use runtime::{PublishError, Publisher};
use std::time::Duration;
use telemetry::Metrics;

/// Soon enough for a client, late enough for a broker that restarts.
const RETRY_AFTER: Duration = Duration::from_secs(2);
const SERVICE: &str = "adapters";

/// Raw events go onto the ingest topic.
pub(crate) struct KafkaIngest(pub(crate) Publisher);

impl Ingest for KafkaIngest {
    async fn publish(&self, events: &[Outgoing]) -> Vec<(usize, IngestError)> {
        let records: Vec<_> = events
            .iter()
            .map(|outgoing| (&outgoing.event, Some(&*outgoing.traceparent)))
            .collect();
        let failed = self.0.publish_all(&records).await;
        failed
            .into_iter()
            .map(|(place, error)| (place, why(error)))
            .collect()
    }
}

fn why(error: PublishError) -> IngestError {
    match error {
        PublishError::TooLarge { limit, .. } => IngestError::TooLarge { limit },
        other => IngestError::Unavailable {
            retry_after: RETRY_AFTER,
            cause: other.to_string(),
        },
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
