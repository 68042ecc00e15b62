//! One CloudEvent in binary and structured mode, over HTTP and on the topic.

use crate::both::{Said, agree, edge};
use crate::hostile::{events, nearly_good};
use axum::body::Body;
use axum::http::Request;
use model::{DecodeError, Decoder, RawEvent, SchemaLookup, SchemaSource};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use stage::{Input, Settled, Wire};
use std::fmt::Display;
use std::sync::Arc;
use topology::Topic;

/// Binary mode; `None` where the headers are more than a request may bring.
fn binary(event: &RawEvent) -> Option<Request<Body>> {
    let mut request = Request::post("/v1/events");
    let mut bytes = 0;
    let mut attributes = vec![
        ("ce-id", event.id.clone()),
        ("ce-source", event.source.clone()),
        ("ce-type", event.kind.clone()),
        ("ce-tenant", event.tenant.clone()),
    ];
    attributes.extend(event.subject.clone().map(|subject| ("ce-subject", subject)));
    attributes.extend(event.time.map(|time| ("ce-time", rfc3339(time))));
    let mut add = |name: &str, value: &str| {
        bytes += name.len() + value.len();
        request.headers_mut().unwrap().insert(
            axum::http::HeaderName::try_from(name).unwrap(),
            value.parse().unwrap(),
        );
    };
    for (name, value) in attributes {
        add(name, &encoded(&value));
    }
    for (name, value) in &event.extensions {
        add(&format!("ce-{name}"), &encoded(value));
    }
    if let Some(kind) = &event.datacontenttype {
        add("content-type", kind);
    }
    let body = Body::from(event.data.clone().unwrap_or_default());
    (bytes < 30_000).then(|| request.body(body).unwrap())
}

struct NoSchemas;

impl SchemaSource for NoSchemas {
    fn schema(&self, _: u32) -> SchemaLookup {
        SchemaLookup::Unknown("none".to_owned())
    }
}

/// Binary mode on the topic, as it is read there.
fn from_headers(event: &RawEvent) -> Result<RawEvent, DecodeError> {
    let mut headers = vec![
        ("ce_id".to_owned(), event.id.clone()),
        ("ce_source".to_owned(), event.source.clone()),
        ("ce_type".to_owned(), event.kind.clone()),
        ("ce_tenant".to_owned(), event.tenant.clone()),
        ("ce_subject".to_owned(), event.subject.clone().unwrap_or_default()),
        ("ce_time".to_owned(), event.time.map(rfc3339).unwrap_or_default()),
        (
            "content-type".to_owned(),
            event.datacontenttype.clone().unwrap_or_default(),
        ),
    ];
    let extensions = event.extensions.iter();
    headers.extend(extensions.map(|(name, value)| (format!("ce_{name}"), value.clone())));
    let headers: Vec<_> = headers
        .iter()
        .map(|(name, value)| (name.as_str(), Some(value.as_bytes())))
        .collect();
    let record = Wire {
        topic: Topic::IngestEvents,
        partition: 0,
        offset: 0,
        value: event.data.as_deref().unwrap_or_default(),
        headers: &headers,
    };
    RawEvent::decode(&record, &mut Decoder::new(Arc::new(NoSchemas)))
}

fn encoded(value: &str) -> String {
    utf8_percent_encode(value, NON_ALPHANUMERIC).to_string()
}

fn rfc3339(time: i64) -> String {
    let days = time.div_euclid(86_400_000);
    let of_day = time.rem_euclid(86_400_000);
    let (year, month, day) = civil(days);
    let (hours, minutes) = (of_day / 3_600_000, of_day / 60_000 % 60);
    let (seconds, millis) = (of_day / 1000 % 60, of_day % 1000);
    format!("{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}.{millis:03}Z")
}

/// Day of the calendar by days since 1970. Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

/// Structured mode, with the data as it is.
fn structured(event: &RawEvent) -> Vec<u8> {
    let mut members = Map::from_iter([("specversion".to_owned(), json!("1.0"))]);
    let mut set = |name: &str, value: Value| members.insert(name.to_owned(), value);
    set("id", json!(event.id));
    set("source", json!(event.source));
    set("type", json!(event.kind));
    set("tenant", json!(event.tenant));
    set("subject", json!(event.subject));
    set("time", json!(event.time.map(rfc3339)));
    set("datacontenttype", json!(event.datacontenttype));
    for (name, value) in &event.extensions {
        set(name, json!(value));
    }
    let mut text = Value::Object(members).to_string().into_bytes();
    if let Some(data) = event.data.as_deref().filter(|data| !data.trim_ascii().is_empty()) {
        text.pop();
        text.extend_from_slice(b",\"data\":");
        text.extend_from_slice(data);
        text.push(b'}');
    }
    text
}

fn posted(body: Vec<u8>) -> Request<Body> {
    Request::post("/v1/events")
        .header("content-type", "application/cloudevents+json")
        .body(Body::from(body))
        .unwrap()
}

/// What the topic makes of the same bytes, where they can be read at all.
fn structured_agrees(event: &RawEvent) {
    let body = structured(event);
    agree_with(edge(posted(body.clone())), RawEvent::from_json(&body));
}

fn agree_with(said: Said, read: Result<RawEvent, impl Display>) {
    match (said, read) {
        (said, Ok(read)) => agree(said, read),
        (Said::Refused(_), Err(_)) => {}
        (Said::Taken(_), Err(error)) => panic!("202, and then {error}"),
    }
}

proptest! {
    #[test]
    fn in_binary_mode(event in prop_oneof![events(), nearly_good()]) {
        if let Some(request) = binary(&event) {
            agree_with(edge(request), from_headers(&event));
        }
    }

    #[test]
    fn in_structured_mode(event in prop_oneof![events(), nearly_good()]) {
        structured_agrees(&event);
    }
}

#[test]
fn a_thousand_posts_of_the_year_2099_are_refused_and_kill_nobody() {
    let event = RawEvent {
        source: "/s".to_owned(),
        kind: "post".to_owned(),
        time: Some(4_070_908_800_000),
        ..RawEvent::default()
    };
    let Said::Refused(reason) = edge(posted(structured(&event))) else {
        panic!("taken")
    };
    assert_eq!(reason, "time_ahead");
    assert!(matches!(crate::both::normalized(event), Settled::Out(_)));
}
