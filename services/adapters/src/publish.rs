//! The one way from events that were read to events that are safe.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use model::RawEvent;
use telemetry::TraceContext;

use crate::dialects::Reading;
use crate::ingest::{Ingest, IngestError, Outgoing};
use crate::problem::Problem;

/// What became of the events of one request.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Position and id of each event that the log acknowledged.
    pub(crate) accepted: Vec<(usize, String)>,
    /// Position and problem of each other one.
    pub(crate) rejected: Vec<(usize, Problem)>,
    /// Set when some were not acknowledged and may be sent again.
    pub(crate) retry_after: Option<Duration>,
}

/// Publishes all events of a request at once and waits for every acknowledgement. Events are begun in their order, so
/// that those of one subject keep it.
pub(crate) async fn publish<I: Ingest>(ingest: &I, reading: Reading, trace: &Arc<str>) -> Outcome {
    let mut outcome = Outcome::default();
    let all = reading.items.len();
    let (mut places, mut events) = (Vec::with_capacity(all), Vec::with_capacity(all));
    for item in reading.items {
        match item.event {
            Ok(event) => {
                places.push(item.index);
                events.push(outgoing(event, trace));
            }
            Err(rejection) => outcome.rejected.push((item.index, Problem::from(&rejection))),
        }
    }
    let failed = ingest.publish(&events).await;
    let mut failed: BTreeMap<usize, IngestError> = failed.into_iter().collect();
    for (number, (place, sent)) in places.into_iter().zip(events).enumerate() {
        match failed.remove(&number) {
            None => outcome.accepted.push((place, sent.event.id)),
            Some(error) => outcome.fail(place, &error),
        }
    }
    outcome.rejected.sort_by_key(|(place, _)| *place);
    outcome
}

/// CloudEvents' distributed tracing extension: an event of a batch may have a trace of its own.
fn outgoing(event: RawEvent, trace: &Arc<str>) -> Outgoing {
    let own = event.extensions.get("traceparent");
    let own = own.filter(|own| TraceContext::parse(own).is_some());
    let traceparent = own.map_or_else(|| Arc::clone(trace), |own| own.as_str().into());
    Outgoing { event, traceparent }
}

impl Outcome {
    fn fail(&mut self, place: usize, error: &IngestError) {
        if let IngestError::Unavailable { retry_after, .. } = error {
            self.retry_after = self.retry_after.max(Some(*retry_after));
        }
        self.rejected.push((place, Problem::from(error)));
    }

    /// The status that all events have that were not taken, if they have the same.
    fn status_of_all(&self) -> Option<StatusCode> {
        let mut statuses = self.rejected.iter().map(|(_, problem)| problem.status());
        let first = statuses.next()?;
        statuses.all(|status| status == first).then_some(first)
    }

    /// The problem that the whole request has, if it has one: something is to be sent again, or nothing was taken.
    pub(crate) fn problem(&mut self, single: bool) -> Option<Problem> {
        if let Some(wait) = self.retry_after {
            let detail = "some events were not acknowledged; send the whole request again after the time in \
                          `Retry-After`, with the `Idempotency-Key` of this answer: those that were taken will be \
                          recognised as duplicates";
            let title = "The event log does not answer";
            let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", title, detail);
            return Some(if single {
                self.rejected.remove(0).1
            } else {
                problem.retry_after(wait)
            });
        }
        if !self.accepted.is_empty() || self.rejected.is_empty() {
            return None;
        }
        if single {
            return Some(self.rejected.remove(0).1);
        }
        let detail = "`rejected` says for each event what is wrong with it";
        let status = self.status_of_all().unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
        let title = "No event was taken";
        Some(Problem::new(status, "nothing_accepted", title, detail))
    }
}
