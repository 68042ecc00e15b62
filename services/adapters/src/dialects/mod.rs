//! Dialects, told apart by path and shape. Each is a function from headers and bytes to raw events. No I/O.

mod cloudevents;
mod event_pipeline;
mod event_stream_starter;
mod eventflow;
mod shared_path;
mod stream_flow;

use access::Caller;
use axum::http::HeaderMap;
use model::{Millis, RawEvent, Request};

use crate::admit::{CORRELATION, admit};
use crate::json::Documents;
use crate::limits::Limits;
use crate::own::own;
use crate::rejection::Rejection;

/// UTF-8's byte order mark, which is no content at the beginning of a body (RFC 8259, section 8.1).
const MARK: &[u8] = b"\xef\xbb\xbf";

/// Whose way of posting events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dialect {
    /// CloudEvents 1.0 over HTTP.
    CloudEvents,
    /// EventFlow.
    EventFlow,
    /// event-pipeline.
    EventPipeline,
    /// event-stream-starter.
    EventStreamStarter,
    /// StreamFlow.
    StreamFlow,
    /// Signed webhooks of GitHub, Slack, Stripe, Standard Webhooks and others.
    Webhook,
}

impl Dialect {
    /// The name in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::CloudEvents => "cloudevents",
            Self::EventFlow => "eventflow",
            Self::EventPipeline => "event_pipeline",
            Self::EventStreamStarter => "event_stream_starter",
            Self::StreamFlow => "stream_flow",
            Self::Webhook => "webhook",
        }
    }
}

/// A path that events are posted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    /// `/v1/events`: CloudEvents.
    CloudEvents,
    /// `/events`: EventFlow.
    Events,
    /// `/emit`: event-pipeline.
    Emit,
    /// `/api/v1/events`: event-stream-starter or StreamFlow, by shape.
    ApiEvents,
    /// `/api/v1/webhooks/ingest`: any JSON object, as event-stream-starter takes it.
    WebhookIngest,
    /// `/ws`: StreamFlow, a WebSocket whose text frames are read like bodies.
    Socket,
}

impl Route {
    /// Those that are posted to.
    pub const POSTED: [Self; 5] = [
        Self::CloudEvents,
        Self::Events,
        Self::Emit,
        Self::ApiEvents,
        Self::WebhookIngest,
    ];

    /// The path.
    pub fn path(self) -> &'static str {
        match self {
            Self::CloudEvents => "/v1/events",
            Self::Events => "/events",
            Self::Emit => "/emit",
            Self::ApiEvents => "/api/v1/events",
            Self::WebhookIngest => "/api/v1/webhooks/ingest",
            Self::Socket => "/ws",
        }
    }

    /// That of a path, if it is one.
    pub fn at(path: &str) -> Option<Self> {
        let mut all = Self::POSTED.into_iter().chain([Self::Socket]);
        all.find(|route| route.path() == path)
    }

    /// The dialect that requests are counted under when their shape is unknown.
    pub fn dialect(self) -> Dialect {
        match self {
            Self::CloudEvents => Dialect::CloudEvents,
            Self::Events => Dialect::EventFlow,
            Self::Emit => Dialect::EventPipeline,
            Self::ApiEvents | Self::WebhookIngest => Dialect::EventStreamStarter,
            Self::Socket => Dialect::StreamFlow,
        }
    }
}

/// One request, as a dialect sees it.
#[derive(Debug, Clone, Copy)]
pub struct Incoming<'a> {
    /// All headers.
    pub headers: &'a HeaderMap,
    /// The whole body.
    pub body: &'a [u8],
    /// When it came in.
    pub now: Millis,
    /// What it is recognised by when it is sent again.
    pub request: &'a Request,
    /// Who sent it.
    pub caller: &'a Caller,
}

/// One event of a request, or why it is none.
#[derive(Debug)]
pub struct Item {
    /// Its position: in the array, or the line, from 0.
    pub index: usize,
    /// What became of it.
    pub event: Result<RawEvent, Rejection>,
}

/// What was read from one request.
#[derive(Debug)]
pub struct Reading {
    /// In which dialect it was.
    pub dialect: Dialect,
    /// Whether it was one event, not a list with one.
    pub single: bool,
    /// The events.
    pub items: Vec<Item>,
}

impl Reading {
    /// The same, without the events of which this holds.
    pub(crate) fn without(mut self, is_muted: impl Fn(&RawEvent) -> bool) -> Self {
        for item in &mut self.items {
            if item.event.as_ref().is_ok_and(&is_muted) {
                item.event = Err(Rejection::Muted);
            }
        }
        self
    }

    fn one(dialect: Dialect, event: Result<RawEvent, Rejection>) -> Self {
        Self {
            dialect,
            single: true,
            items: vec![Item { index: 0, event }],
        }
    }

    /// Reads one document or every element of a list with the same function.
    fn each(
        dialect: Dialect,
        documents: Documents<'_>,
        read: impl Fn(&str) -> Result<RawEvent, Rejection>,
    ) -> Self {
        let elements = match documents {
            Documents::One(json) => return Self::one(dialect, read(json)),
            Documents::Many(elements) => elements,
        };
        let items = elements.iter().enumerate().map(|(index, raw)| Item {
            index,
            event: read(raw.get()),
        });
        Self {
            dialect,
            single: false,
            items: items.collect(),
        }
    }
}

/// Reads one request that was posted to a path. An error is about the request as a whole; an event that cannot be taken
/// is an item. Every event that is `Ok` is within the limits and has an id.
pub fn read(route: Route, incoming: &Incoming<'_>, limits: &Limits) -> Result<Reading, Rejection> {
    // One with nothing behind it is something all the same: `/emit` makes up a signal only where nothing was sent.
    let marked = incoming.body.strip_prefix(MARK);
    let incoming = &Incoming {
        body: marked
            .filter(|rest| !rest.trim_ascii().is_empty())
            .unwrap_or(incoming.body),
        ..*incoming
    };
    let mut reading = match route {
        Route::CloudEvents => cloudevents::read(incoming, limits),
        Route::Events => eventflow::read(incoming, limits),
        Route::Emit => event_pipeline::read(incoming, limits),
        Route::ApiEvents => shared_path::read(incoming, limits),
        Route::WebhookIngest => event_stream_starter::read(incoming, limits),
        Route::Socket => stream_flow::read(incoming),
    }?;
    let correlation = header(incoming.headers, "x-correlation-id")?;
    for item in &mut reading.items {
        let request = incoming.request.at(item.index as u64);
        let event = std::mem::replace(&mut item.event, Ok(RawEvent::default()));
        item.event = event
            .and_then(|event| own(event, incoming.caller))
            .and_then(|event| {
                admit(
                    correlated(event, correlation.as_deref()),
                    incoming.now,
                    &request,
                    limits,
                )
            });
    }
    Ok(reading)
}

/// An event says itself what it belongs to, or the request does.
fn correlated(mut event: RawEvent, correlation: Option<&str>) -> RawEvent {
    if let Some(correlation) = correlation {
        event
            .extensions
            .entry(CORRELATION.to_owned())
            .or_insert_with(|| correlation.to_owned());
    }
    event
}

/// A header that may be given once, as text.
fn header(headers: &HeaderMap, name: &str) -> Result<Option<String>, Rejection> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(one), None) => match std::str::from_utf8(one.as_bytes()) {
            Ok(text) => Ok(Some(text.to_owned())),
            Err(_) => Err(Rejection::Header(name.to_owned())),
        },
        (Some(_), Some(_)) => Err(Rejection::Header(name.to_owned())),
    }
}

/// An event of nobody's yet with nothing in it: [`own`] says whose it is.
fn blank() -> RawEvent {
    RawEvent::default()
}
