//! What every request and every answer has: a trace, what it is recognised by, bounded headers, and problems told in
//! full.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use telemetry::TraceContext;
use uuid::Uuid;

use super::attempt::Attempt;
use crate::limits::MAX_HEADER_BYTES;
use crate::problem::Problem;
use crate::tally::Tally;

/// Longest path that is repeated in a problem, in characters.
const MAX_PATH: usize = 200;

/// The W3C `traceparent` of a request. Source: W3C Trace Context, level 1.
#[derive(Debug, Clone)]
pub(super) struct Trace(String);

impl Trace {
    /// The client's, if it is valid, else a new one.
    fn of(headers: &HeaderMap) -> Self {
        let given = headers.get("traceparent").and_then(|header| header.to_str().ok());
        let valid = given.filter(|header| TraceContext::parse(header).is_some());
        valid.map_or_else(Self::fresh, |header| Self(header.to_owned()))
    }

    /// A new trace.
    pub(super) fn fresh() -> Self {
        let (trace, span) = (Uuid::new_v4().as_u128(), Uuid::new_v4().as_u64_pair().1);
        Self(format!("00-{trace:032x}-{span:016x}-01"))
    }

    /// The header's value.
    pub(super) fn header(&self) -> &str {
        &self.0
    }

    /// The trace id, 32 hexadecimal digits.
    fn id(&self) -> &str {
        self.0.get(3..35).unwrap_or_default()
    }
}

/// Gives the request its trace and what it is recognised by, and the answer its trace and, if it is a problem, where it
/// arose.
pub(super) async fn frame(State(tally): State<Arc<dyn Tally>>, mut request: Request, next: Next) -> Response {
    let trace = Trace::of(request.headers());
    let path: String = request.uri().path().chars().take(MAX_PATH).collect();
    let fits = header_bytes(request.headers()) <= MAX_HEADER_BYTES;
    let attempt = Attempt::of(request.headers());
    request.extensions_mut().insert(trace.clone());
    request.extensions_mut().insert(attempt.clone());
    let mut response = if fits {
        next.run(request).await
    } else {
        headers_too_large().into_response()
    };
    if let Some(problem) = Problem::complete(&mut response, &path, trace.id()) {
        if !problem.is_counted() {
            tally.refused(problem.counted_reason());
        }
        tracing::debug!(%path, trace_id = trace.id(), reason = problem.counted_reason(), "request refused");
    }
    attempt.tell(&mut response);
    if let Ok(value) = HeaderValue::from_str(trace.header()) {
        response.headers_mut().insert("traceparent", value);
    }
    response
}

fn header_bytes(headers: &HeaderMap) -> usize {
    headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum()
}

fn headers_too_large() -> Problem {
    let detail = format!("the headers are longer than {MAX_HEADER_BYTES} bytes; put data into the body");
    let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
    Problem::new(status, "headers_too_large", "Headers too large", &detail)
}
