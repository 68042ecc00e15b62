//! What every request and every answer has: a trace, what it is recognised by, bounded headers, and problems told in
//! full.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use listen::Hosts;
use telemetry::TraceContext;

use super::attempt::Attempt;
use super::deliveries::Signed;
use super::hosts;
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
        let (trace, span): (u128, u64) = rand::random();
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

/// What a request is told apart by: in logs, and from itself sent again.
#[derive(Debug)]
pub(super) struct Framed {
    pub(super) trace: Trace,
    pub(super) attempt: Attempt,
}

impl Framed {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        Self {
            trace: Trace::of(headers),
            attempt: Attempt::of(headers),
        }
    }
}

/// What stands before every path. One layer does it all: each costs a request more than what it decides.
pub(super) struct Frame {
    pub(super) tally: Arc<dyn Tally>,
    pub(super) hosts: Option<Hosts>,
    pub(super) signed: Signed,
}

impl Frame {
    fn refusal(&self, head: &Parts) -> Option<Problem> {
        if header_bytes(&head.headers) > MAX_HEADER_BYTES {
            return Some(headers_too_large());
        }
        hosts::refusal(self.hosts.as_ref()?, head)
    }

    fn refused(&self, problem: &Problem, path: &str, framed: &Framed) {
        let (trace_id, reason) = (framed.trace.id(), problem.counted_reason());
        if !problem.is_counted() {
            self.tally.refused(reason);
        }
        tracing::debug!(%path, trace_id, reason, "request refused");
    }
}

/// Gives the request its trace and what it is recognised by, sends it its way if it is meant for us, and gives the answer
/// its trace and, if it is a problem, where it arose.
pub(super) async fn frame(State(frame): State<Arc<Frame>>, request: Request, next: Next) -> Response {
    let (mut head, body) = request.into_parts();
    let framed = Arc::new(Framed::of(&head.headers));
    let path = shown(head.uri.path()).to_owned();
    head.extensions.insert(Arc::clone(&framed));
    let mut response = match frame.refusal(&head) {
        None => frame.signed.divert(Request::from_parts(head, body), next).await,
        Some(problem) => problem.into_response(),
    };
    if let Some(problem) = Problem::complete(&mut response, &path, framed.trace.id()) {
        frame.refused(&problem, &path, &framed);
    }
    framed.attempt.tell(&mut response);
    if let Ok(value) = HeaderValue::from_str(framed.trace.header()) {
        response.headers_mut().insert("traceparent", value);
    }
    response
}

/// As much of a path as a problem repeats.
fn shown(path: &str) -> &str {
    let end = path.char_indices().nth(MAX_PATH);
    end.map_or(path, |(end, _)| path.split_at(end).0)
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
