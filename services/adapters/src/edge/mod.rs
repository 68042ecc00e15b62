//! The HTTP edge: who may come in, how much, and what happens with a request that is let in.

mod attempt;
mod body;
mod budget;
mod coding;
mod framing;
mod keys;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use model::Millis;
use settings::{AdaptersSettings, AdmissionSettings};

use crate::answer::answer;
use crate::dialects::{Dialect, Incoming, Route, read};
use crate::ingest::Ingest;
use crate::limits::Limits;
use crate::mute::Mute;
use crate::problem::Problem;
use crate::publish::{Outcome, publish};
use crate::tally::Tally;
use attempt::Attempt;
use budget::Budget;
use framing::Trace;
use keys::Keys;

struct Edge<I> {
    ingest: Arc<I>,
    tally: Arc<dyn Tally>,
    limits: Limits,
    mute: Mute,
}

/// All paths of the edge. Answers 202 only for what `ingest` acknowledged.
pub fn router<I: Ingest>(
    ingest: Arc<I>,
    settings: &AdaptersSettings,
    admission: &AdmissionSettings,
    tally: Arc<dyn Tally>,
) -> Router {
    let limits = Limits::new(settings, admission);
    let edge = Arc::new(Edge {
        ingest,
        tally: Arc::clone(&tally),
        limits,
        mute: Mute::new(&settings.mute),
    });
    let handler = |route: Route| {
        post(move |State(edge): State<Arc<Edge<I>>>, request: Request| receive(route, edge, request))
    };
    Route::ALL
        .into_iter()
        .fold(Router::new(), |router, route| {
            router.route(route.path(), handler(route))
        })
        .with_state(edge)
        .fallback(unknown_path)
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn_with_state(
            Arc::new(Budget::new(limits.body_bytes)),
            budget::admit,
        ))
        .layer(from_fn_with_state(Arc::new(Keys::new(settings)), keys::admit))
        .layer(from_fn_with_state(tally, framing::frame))
}

async fn receive<I: Ingest>(route: Route, edge: Arc<Edge<I>>, request: Request) -> Response {
    let (parts, stream) = request.into_parts();
    let trace = parts
        .extensions
        .get::<Trace>()
        .cloned()
        .unwrap_or_else(Trace::fresh);
    let body = match body::collect(&parts.headers, stream, edge.limits.body_bytes).await {
        Ok(body) => body,
        Err(problem) => return problem.into_response(),
    };
    let attempt = parts.extensions.get::<Attempt>();
    let request = attempt.map_or_else(|| Attempt::of(&parts.headers).request(), Attempt::request);
    let reading = request.and_then(|request| {
        let incoming = Incoming {
            headers: &parts.headers,
            body: &body,
            now: now(),
            request: &request,
        };
        read(route, &incoming, &edge.limits)
    });
    let reading = match reading {
        Ok(reading) => reading.without(|event| edge.mute.holds(event)),
        Err(rejection) => {
            let problem = Problem::from(&rejection).counted();
            edge.tally.rejected(route.dialect(), problem.reason(), 1);
            return problem.into_response();
        }
    };
    let (dialect, single) = (reading.dialect, reading.single);
    let outcome = publish(&*edge.ingest, reading, trace.header()).await;
    count(&*edge.tally, dialect, &outcome);
    echo(
        &parts.headers,
        answer(dialect, single, outcome, correlation(&parts.headers)),
    )
}

fn count(tally: &dyn Tally, dialect: Dialect, outcome: &Outcome) {
    if !outcome.accepted.is_empty() {
        tally.accepted(dialect, outcome.accepted.len() as u64);
    }
    let mut reasons = BTreeMap::<&'static str, u64>::new();
    for (_, problem) in &outcome.rejected {
        *reasons.entry(problem.reason()).or_default() += 1;
    }
    for (reason, events) in reasons {
        tally.rejected(dialect, reason, events);
    }
}

fn correlation(headers: &HeaderMap) -> Option<&str> {
    headers.get("x-correlation-id")?.to_str().ok()
}

fn echo(headers: &HeaderMap, mut response: Response) -> Response {
    if let Some(id) = headers.get("x-correlation-id") {
        response.headers_mut().insert("x-correlation-id", id.clone());
    }
    response
}

fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX)
}

async fn unknown_path() -> Problem {
    let detail = "nothing is read here; post events to /v1/events, /events, /emit, /api/v1/events or \
                  /api/v1/webhooks/ingest";
    Problem::new(StatusCode::NOT_FOUND, "unknown_path", "Unknown path", detail)
}

async fn wrong_method() -> Problem {
    let detail = "events are posted: use POST";
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "wrong_method",
        "Method not allowed",
        detail,
    )
}
