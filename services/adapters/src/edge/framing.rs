//! What every request and every answer has: a trace, what it is recognised by, bounded headers, and problems told in
//! full.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::{Bytes, HttpBody};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use listen::Hosts;
use telemetry::TraceContext;

use super::attempt::Attempt;
use super::paths::{self, Arrived};
use super::{Edge, hosts};
use crate::ingest::Ingest;
use crate::limits::MAX_HEADER_BYTES;
use crate::problem::Problem;
use crate::tally::Tally;

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// Longest path that is repeated in a problem, in characters.
const MAX_PATH: usize = 200;

/// The W3C `traceparent` of a request. Source: W3C Trace Context, level 1.
#[derive(Debug, Clone)]
pub(super) struct Trace(Arc<str>);

impl Trace {
    /// The client's, if it is valid, else a new one.
    fn of(headers: &HeaderMap) -> Self {
        let given = headers.get(TRACEPARENT).and_then(|header| header.to_str().ok());
        let valid = given.filter(|header| TraceContext::parse(header).is_some());
        valid.map_or_else(Self::fresh, |header| Self(header.into()))
    }

    /// A new trace.
    pub(super) fn fresh() -> Self {
        let (trace, span): (u128, u64) = rand::random();
        Self(format!("00-{trace:032x}-{span:016x}-01").into())
    }

    /// The header's value.
    pub(super) fn header(&self) -> &Arc<str> {
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

/// Gives the request its trace and what it is recognised by, sends it its way if it is meant for us, and gives the answer
/// its trace and, if it is a problem, where it arose.
pub(super) async fn framed<I, B>(edge: &Arc<Edge<I>>, request: Request<B>, from: Option<IpAddr>) -> Response
where
    I: Ingest,
    B: HttpBody<Data = Bytes> + Send + Unpin + 'static,
{
    let (head, body) = request.into_parts();
    let framed = Arc::new(Framed::of(&head.headers));
    let path = shown(head.uri.path()).to_owned();
    let mut response = match refusal(edge.hosts.as_ref(), &head) {
        None => {
            let framed = Arc::clone(&framed);
            let arrived = Arrived {
                head,
                body,
                framed,
                from,
            };
            paths::go(edge, arrived).await
        }
        Some(problem) => problem.into_response(),
    };
    if let Some(problem) = Problem::complete(&mut response, &path, framed.trace.id()) {
        refused(&*edge.tally, &problem, &path, &framed);
    }
    framed.attempt.tell(&mut response);
    if let Ok(value) = HeaderValue::from_str(framed.trace.header()) {
        response.headers_mut().insert(TRACEPARENT, value);
    }
    response
}

fn refusal(hosts: Option<&Hosts>, head: &Parts) -> Option<Problem> {
    if header_bytes(&head.headers) > MAX_HEADER_BYTES {
        return Some(headers_too_large());
    }
    hosts::refusal(hosts?, head)
}

fn refused(tally: &dyn Tally, problem: &Problem, path: &str, framed: &Framed) {
    let (trace_id, reason) = (framed.trace.id(), problem.counted_reason());
    if !problem.is_counted() {
        tally.refused(reason);
    }
    tracing::debug!(%path, trace_id, reason, "request refused");
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
