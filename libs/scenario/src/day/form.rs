//! The forms that events are sent in, as each system's users write them.

use super::shipment::{Answer, Post, Put, Shipment, Value};
use chrono::{DateTime, SecondsFormat};
use model::{Millis, RawEvent, Record};
use serde_json::{Map, Value as Json, json, value::RawValue};

/// A form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `CloudEvents`, in batches.
    CloudEvents,
    /// `CloudEvents`, one a line.
    Lines,
    /// event-pipeline's behaviour events, in lists.
    EventPipeline,
    /// EventFlow's, one a request.
    EventFlow,
    /// event-stream-starter's, in lists.
    Starter,
    /// Straight to Kafka as Avro.
    Avro,
    /// Straight to Kafka as JSON.
    Json,
}

impl Form {
    pub(super) const ALL: [Self; 7] = [
        Self::CloudEvents,
        Self::Lines,
        Self::EventPipeline,
        Self::EventFlow,
        Self::Starter,
        Self::Avro,
        Self::Json,
    ];
}

/// Events in their form, ready to send.
pub(super) fn ship(form: Form, events: Vec<RawEvent>) -> Vec<Shipment> {
    let count = events.len();
    let list = |write: fn(&RawEvent) -> String| {
        let items: Vec<_> = events.iter().map(write).collect();
        format!("[{}]", items.join(","))
    };
    match form {
        Form::CloudEvents => {
            vec![post(
                "/v1/events",
                "application/cloudevents-batch+json",
                list(cloud_event),
                count,
            )]
        }
        Form::Lines => {
            let lines: Vec<_> = events.iter().map(cloud_event).collect();
            vec![post(
                "/v1/events",
                "application/x-ndjson",
                lines.join("\n"),
                count,
            )]
        }
        Form::EventPipeline => vec![post("/emit", "application/json", list(event_pipeline), count)],
        Form::Starter => vec![post("/api/v1/events", "application/json", list(starter), count)],
        Form::EventFlow => {
            let one = |event| post("/events", "application/json", event_flow(event), 1);
            events.iter().map(one).collect()
        }
        Form::Avro => events
            .into_iter()
            .map(|event| put(&event, Value::Avro(Box::new(event.clone()))))
            .collect(),
        Form::Json => events
            .iter()
            .map(|event| put(event, Value::Bytes(cloud_event(event).into_bytes())))
            .collect(),
    }
}

fn post(path: &'static str, content_type: &'static str, body: String, events: usize) -> Shipment {
    let answer = Answer::Accepted(events);
    Shipment::Post(Post {
        path,
        content_type,
        authorized: true,
        body: body.into_bytes(),
        answer,
    })
}

fn put(event: &RawEvent, value: Value) -> Shipment {
    Shipment::Put(Put {
        key: event.key().as_bytes().to_vec(),
        value,
    })
}

/// RFC 3339 with milliseconds.
pub(super) fn rfc3339(time: Millis) -> String {
    let time = DateTime::from_timestamp_millis(time).unwrap_or_default();
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// One event in the structured form of `CloudEvents` 1.0.2.
pub(super) fn cloud_event(event: &RawEvent) -> String {
    let mut attributes = Map::new();
    let mut set = |name: &str, value: &str| attributes.insert(name.to_owned(), Json::from(value));
    set("specversion", "1.0");
    set("id", &event.id);
    set("source", &event.source);
    set("type", &event.kind);
    event.subject.as_deref().map(|subject| set("subject", subject));
    event.time.map(|time| set("time", &rfc3339(time)));
    with_raw(attributes, "data", event)
}

fn event_pipeline(event: &RawEvent) -> String {
    let mut members = Map::new();
    if !event.id.is_empty() {
        members.insert("event_id".to_owned(), json!(event.id));
    }
    members.insert("user_id".to_owned(), json!(user(event)));
    members.insert("source".to_owned(), json!(event.source));
    members.insert("type".to_owned(), json!(event.kind.trim_start_matches("user.")));
    members.insert("timestamp".to_owned(), json!(event.time));
    with_raw(members, "payload", event)
}

fn event_flow(event: &RawEvent) -> String {
    let mut members = Map::new();
    members.insert("event_id".to_owned(), json!(event.id));
    members.insert(
        "event_type".to_owned(),
        json!(event.kind.trim_start_matches("user.")),
    );
    members.insert("user_id".to_owned(), json!(user(event).to_string()));
    members.insert("timestamp".to_owned(), json!(event.time));
    with_raw(members, "properties", event)
}

/// The data is the whole object here.
fn starter(event: &RawEvent) -> String {
    let data = event.data.as_deref().unwrap_or(b"{}");
    let mut members: Map<String, Json> = serde_json::from_slice(data).unwrap_or_default();
    members.insert("source".to_owned(), json!(event.source));
    members.insert("event_type".to_owned(), json!(event.kind));
    members.insert("id".to_owned(), json!(event.id));
    members.insert("timestamp".to_owned(), json!(event.time));
    Json::Object(members).to_string()
}

fn user(event: &RawEvent) -> u32 {
    let subject = event.subject.as_deref().unwrap_or_default();
    subject.trim_start_matches("user:").parse().unwrap_or_default()
}

/// The members, and the data as it stands under this name.
fn with_raw(members: Map<String, Json>, name: &str, event: &RawEvent) -> String {
    let mut text = Json::Object(members).to_string();
    let data = event
        .data
        .as_deref()
        .and_then(|data| serde_json::from_slice::<&RawValue>(data).ok());
    if let Some(data) = data {
        text.pop();
        for piece in [",\"", name, "\":", data.get(), "}"] {
            text.push_str(piece);
        }
    }
    text
}
