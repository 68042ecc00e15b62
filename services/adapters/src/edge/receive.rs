//! What happens with a request that was let in: read, owned, admitted, published, answered.

use std::sync::Arc;

use access::{Caller, Denial, Gate};
use axum::Extension;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_ENCODING;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};

use super::attempt::Attempt;
use super::budget::Room;
use super::framing::Trace;
use super::{Edge, body, count, now};
use crate::answer::answer;
use crate::dialects::{Dialect, Incoming, Reading, Route, read};
use crate::ingest::Ingest;
use crate::problem::Problem;
use crate::publish::publish;

/// Takes the events of a request that was posted to a path.
pub(super) async fn receive<I: Ingest>(
    route: Route,
    State(edge): State<Arc<Edge<I>>>,
    Extension(caller): Extension<Arc<Caller>>,
    request: Request,
) -> Response {
    let (parts, trace, body) = match collect(&edge, request).await {
        Ok(whole) => whole,
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
            caller: &caller,
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
    if let Some(room) = parts.extensions.get::<Arc<Room>>() {
        let packed = parts.headers.contains_key(CONTENT_ENCODING);
        let unpacked = if packed { body.len() } else { 0 };
        if let Err(problem) = room.take_events(reading.items.len(), unpacked).await {
            return problem.into_response();
        }
    }
    if let Err(denial) = spend(&edge.gate, &caller, &reading, body.len()) {
        return Problem::from(&denial).into_response();
    }
    settle(&edge, reading, &trace, &parts.headers).await
}

/// A request whole: its head, its trace and its body.
pub(super) async fn collect<I>(edge: &Edge<I>, request: Request) -> Result<(Parts, Trace, Vec<u8>), Problem> {
    let (parts, stream) = request.into_parts();
    let trace = parts.extensions.get::<Trace>().cloned();
    let body = body::collect(&parts.headers, stream, edge.limits.body_bytes).await?;
    Ok((parts, trace.unwrap_or_else(Trace::fresh), body))
}

/// Takes events and bytes from what the caller may send.
pub(super) fn spend(gate: &Gate, caller: &Caller, reading: &Reading, bytes: usize) -> Result<(), Denial> {
    gate.spend(caller, reading.items.len() as u64, bytes as u64)
}

/// Publishes what was read, counts and answers.
pub(super) async fn settle<I: Ingest>(
    edge: &Edge<I>,
    reading: Reading,
    trace: &Trace,
    headers: &HeaderMap,
) -> Response {
    let (dialect, single): (Dialect, bool) = (reading.dialect, reading.single);
    let outcome = publish(&*edge.ingest, reading, trace.header()).await;
    count(&*edge.tally, dialect, &outcome);
    echo(headers, answer(dialect, single, outcome, correlation(headers)))
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
