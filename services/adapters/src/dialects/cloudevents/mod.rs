//! CloudEvents over HTTP: structured, binary, batch, and one JSON event a line. No I/O.
//!
//! Source: CloudEvents 1.0.2, "HTTP Protocol Binding" and "JSON Event Format".

mod binary;
mod structured;
#[cfg(test)]
mod tests;

use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;

use super::{Dialect, Incoming, Reading};
use crate::json::{self, Documents};
use crate::limits::Limits;
use crate::rejection::Rejection;

const READ: &str = "application/cloudevents+json, application/cloudevents-batch+json, application/x-ndjson, \
                    application/json, or `ce-` headers with data of any type";

enum Mode {
    Structured,
    Batch,
    Lines,
    Binary,
}

/// Reads one request.
pub(super) fn read(incoming: &Incoming<'_>, limits: &Limits) -> Result<Reading, Rejection> {
    match mode(incoming.headers, incoming.body)? {
        Mode::Binary => Ok(Reading::one(Dialect::CloudEvents, binary::read(incoming))),
        Mode::Lines => structured::lines(body(incoming)?, limits),
        Mode::Structured => Ok(each(Documents::One(json::utf8(body(incoming)?)?))),
        Mode::Batch => Ok(each(json::many(json::utf8(body(incoming)?)?, limits)?)),
    }
}

fn each(documents: Documents<'_>) -> Reading {
    Reading::each(Dialect::CloudEvents, documents, structured::event)
}

fn body<'a>(incoming: &Incoming<'a>) -> Result<&'a [u8], Rejection> {
    if incoming.body.trim_ascii().is_empty() {
        return Err(Rejection::Empty("a CloudEvent, a batch of them, or one a line"));
    }
    Ok(incoming.body)
}

fn mode(headers: &HeaderMap, body: &[u8]) -> Result<Mode, Rejection> {
    let media_type = media_type(headers);
    match media_type.as_str() {
        "application/cloudevents+json" => Ok(Mode::Structured),
        "application/cloudevents-batch+json" => Ok(Mode::Batch),
        "application/x-ndjson" | "application/ndjson" | "application/jsonl" => Ok(Mode::Lines),
        other if other.starts_with("application/cloudevents") => Err(Rejection::MediaType(media_type, READ)),
        _ if headers.keys().any(|name| name.as_str().starts_with("ce-")) => Ok(Mode::Binary),
        // The second is what curl says of every body unless it is told otherwise.
        "application/json" | "application/x-www-form-urlencoded" | "text/plain" | "" => Ok(by_shape(body)),
        _ => Err(Rejection::MediaType(media_type, READ)),
    }
}

fn by_shape(body: &[u8]) -> Mode {
    if body.trim_ascii_start().starts_with(b"[") {
        Mode::Batch
    } else {
        Mode::Structured
    }
}

fn media_type(headers: &HeaderMap) -> String {
    let value = headers
        .get(CONTENT_TYPE)
        .map(|value| String::from_utf8_lossy(value.as_bytes()));
    let value = value.as_deref().unwrap_or_default();
    value
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase()
}
