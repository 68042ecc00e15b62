//! Answers in the shape each dialect's clients expect.

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Value, json};

use crate::dialects::Dialect;
use crate::problem::Problem;
use crate::publish::Outcome;

/// What a dialect calls the id of an event.
#[derive(Clone, Copy)]
enum Name {
    Id,
    EventId,
}

impl Name {
    fn of(dialect: Dialect) -> Self {
        match dialect {
            Dialect::EventFlow | Dialect::EventPipeline => Self::EventId,
            _ => Self::Id,
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::EventId => "event_id",
        }
    }
}

/// What became of each event of a request.
#[derive(Serialize)]
struct Items<'a> {
    accepted: Vec<Accepted<'a>>,
    rejected: Vec<Rejected>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
}

/// One that was taken; its id under one of its names.
#[derive(Serialize)]
struct Accepted<'a> {
    index: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_id: Option<&'a str>,
}

#[derive(Serialize)]
struct Rejected {
    index: usize,
    problem: Value,
}

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
    let name = Name::of(dialect);
    let body = match (dialect, single) {
        (Dialect::CloudEvents, _) => text(&items(&outcome, name)),
        (_, true) => one(&outcome, name, correlation).to_string(),
        (_, false) => text(&list(&outcome, name)),
    };
    (StatusCode::ACCEPTED, [(CONTENT_TYPE, "application/json")], body).into_response()
}

fn with_items(problem: Problem, outcome: &Outcome) -> Problem {
    let items = items(outcome, Name::Id);
    problem
        .with("accepted", json!(items.accepted))
        .with("rejected", json!(items.rejected))
}

fn one(outcome: &Outcome, name: Name, correlation: Option<&str>) -> Value {
    let id = outcome.accepted.first().map(|(_, id)| id.as_str());
    let mut body = json!({name.text(): id, "status": "accepted", "message": "Event accepted for processing"});
    if let Some(correlation) = correlation {
        body["correlation_id"] = Value::from(correlation);
    }
    body
}

fn list(outcome: &Outcome, name: Name) -> Items<'_> {
    let whole = outcome.rejected.is_empty();
    Items {
        status: Some(if whole { "accepted" } else { "partly_accepted" }),
        ..items(outcome, name)
    }
}

fn items(outcome: &Outcome, name: Name) -> Items<'_> {
    let accepted = outcome.accepted.iter().map(|(index, event)| {
        let (id, event_id) = match name {
            Name::Id => (Some(event.as_str()), None),
            Name::EventId => (None, Some(event.as_str())),
        };
        Accepted {
            index: *index,
            id,
            event_id,
        }
    });
    let rejected = outcome.rejected.iter().map(|(index, problem)| Rejected {
        index: *index,
        problem: problem.to_json(&[]),
    });
    Items {
        accepted: accepted.collect(),
        rejected: rejected.collect(),
        status: None,
    }
}

/// As JSON: names are texts and numbers are whole, so that nothing can go wrong.
fn text(items: &Items<'_>) -> String {
    serde_json::to_string(items).unwrap_or_default()
}
