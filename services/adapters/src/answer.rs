//! Answers in the shape each dialect's clients expect.

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::dialects::Dialect;
use crate::problem::Problem;
use crate::publish::Outcome;

/// The answer to a request whose events were published or refused.
pub(crate) fn answer(
    dialect: Dialect,
    single: bool,
    mut outcome: Outcome,
    correlation: Option<&str>,
) -> Response {
    if let Some(problem) = outcome.problem(single) {
        // Each of its events is counted by its own reason.
        let problem = problem.counted();
        return if single {
            problem.into_response()
        } else {
            with_items(problem, &outcome).into_response()
        };
    }
    let body = match (dialect, single) {
        (Dialect::CloudEvents, _) => items(&outcome, "id"),
        (Dialect::EventFlow | Dialect::EventPipeline, true) => one(&outcome, "event_id", correlation),
        (_, true) => one(&outcome, "id", correlation),
        (Dialect::EventFlow | Dialect::EventPipeline, false) => list(&outcome, "event_id"),
        (_, false) => list(&outcome, "id"),
    };
    (
        StatusCode::ACCEPTED,
        [(CONTENT_TYPE, "application/json")],
        body.to_string(),
    )
        .into_response()
}

fn with_items(problem: Problem, outcome: &Outcome) -> Problem {
    let mut items = items(outcome, "id");
    problem
        .with("accepted", items["accepted"].take())
        .with("rejected", items["rejected"].take())
}

fn one(outcome: &Outcome, id: &str, correlation: Option<&str>) -> Value {
    let event_id = outcome.accepted.first().map(|(_, id)| id.as_str());
    let mut body = json!({id: event_id, "status": "accepted", "message": "Event accepted for processing"});
    if let Some(correlation) = correlation {
        body["correlation_id"] = Value::from(correlation);
    }
    body
}

fn list(outcome: &Outcome, id: &str) -> Value {
    let mut body = items(outcome, id);
    body["status"] = Value::from(if outcome.rejected.is_empty() {
        "accepted"
    } else {
        "partly_accepted"
    });
    body
}

fn items(outcome: &Outcome, id: &str) -> Value {
    let accepted = outcome
        .accepted
        .iter()
        .map(|(index, event)| json!({"index": index, id: event}));
    let rejected = outcome.rejected.iter();
    let rejected = rejected.map(|(index, problem)| json!({"index": index, "problem": problem.to_json(&[])}));
    json!({"accepted": accepted.collect::<Vec<_>>(), "rejected": rejected.collect::<Vec<_>>()})
}
