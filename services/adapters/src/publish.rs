//! The one way from events that were read to events that are safe.

use std::time::Duration;

use axum::http::StatusCode;
use futures_util::future::join_all;
use telemetry::TraceContext;

use crate::dialects::{Item, Reading};
use crate::ingest::{Ingest, IngestError};
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
pub(crate) async fn publish<I: Ingest>(ingest: &I, reading: Reading, trace: &str) -> Outcome {
    let done = join_all(reading.items.into_iter().map(|item| one(ingest, item, trace))).await;
    let mut outcome = Outcome::default();
    for (index, result) in done {
        match result {
            Ok(id) => outcome.accepted.push((index, id)),
            Err(Refusal { problem, retry_after }) => {
                outcome.retry_after = outcome.retry_after.max(retry_after);
                outcome.rejected.push((index, problem));
            }
        }
    }
    outcome
}

struct Refusal {
    problem: Problem,
    retry_after: Option<Duration>,
}

async fn one<I: Ingest>(ingest: &I, item: Item, trace: &str) -> (usize, Result<String, Refusal>) {
    let event = match item.event {
        Ok(event) => event,
        Err(rejection) => {
            return (
                item.index,
                Err(Refusal {
                    problem: Problem::from(&rejection),
                    retry_after: None,
                }),
            );
        }
    };
    let id = event.id.clone();
    // CloudEvents' distributed tracing extension: an event of a batch may have a trace of its own.
    let own = event
        .extensions
        .get("traceparent")
        .filter(|own| TraceContext::parse(own).is_some());
    let trace = own.map_or_else(|| trace.to_owned(), Clone::clone);
    match ingest.publish(event, Some(trace)).await {
        Ok(()) => (item.index, Ok(id)),
        Err(error) => (item.index, Err(refused(&error))),
    }
}

fn refused(error: &IngestError) -> Refusal {
    let retry_after = match error {
        IngestError::Unavailable { retry_after, .. } => Some(*retry_after),
        IngestError::TooLarge { .. } => None,
    };
    Refusal {
        problem: Problem::from(error),
        retry_after,
    }
}

impl Outcome {
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
