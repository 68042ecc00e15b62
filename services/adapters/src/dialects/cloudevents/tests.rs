//! What each mode reads and refuses.

use axum::http::{HeaderMap, HeaderName, HeaderValue};

use model::Request;

use crate::dialects::{Incoming, Reading, Route, read};
use crate::limits::Limits;
use crate::rejection::Rejection;

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let pair = |(name, value): &(&str, &str)| {
        (
            HeaderName::try_from(*name).unwrap(),
            HeaderValue::from_bytes(value.as_bytes()).unwrap(),
        )
    };
    pairs.iter().map(pair).collect()
}

fn post(pairs: &[(&str, &str)], body: &[u8]) -> Result<Reading, Rejection> {
    let headers = headers(pairs);
    read(
        Route::CloudEvents,
        &Incoming {
            headers: &headers,
            body,
            now: 1_790_000_000_000,
            request: &Request::keyed("test"),
            caller: &access::Caller::anonymous(),
        },
        &Limits::default(),
    )
}

#[test]
fn binary_mode_takes_attributes_from_headers_and_the_body_as_data() {
    let pairs = [
        ("ce-specversion", "1.0"),
        ("ce-id", "1"),
        ("ce-source", "/caf%C3%A9"),
        ("ce-type", "photo"),
        ("ce-time", "2022-01-01T00:00:00Z"),
        ("ce-camera", "x%20y"),
        ("content-type", "Text/Plain; charset=utf-8"),
    ];
    let event = post(&pairs, b"say cheese")
        .unwrap()
        .items
        .remove(0)
        .event
        .unwrap();
    assert_eq!(
        (event.source.as_str(), event.time),
        ("/café", Some(1_640_995_200_000))
    );
    assert_eq!(event.data.as_deref(), Some(b"say cheese".as_slice()));
    assert_eq!(event.extensions["camera"], "x y");
    assert_eq!(
        event.datacontenttype.as_deref(),
        Some("Text/Plain; charset=utf-8")
    );
}

#[test]
fn binary_mode_names_what_is_wrong() {
    let reason = |pairs: &[(&str, &str)], body: &[u8]| {
        let rejection = match post(pairs, body) {
            Ok(mut reading) => reading.items.remove(0).event.unwrap_err(),
            Err(rejection) => rejection,
        };
        rejection.describe().1
    };
    assert_eq!(reason(&[("ce-type", "t")], b""), "invalid_cloudevent");
    assert_eq!(
        reason(&[("ce-type", "t"), ("ce-source", "%FF")], b""),
        "invalid_header"
    );
    assert_eq!(
        reason(&[("ce-type", "t"), ("ce-source", "a%00b")], b""),
        "control_character"
    );
    assert_eq!(
        reason(&[("ce-type", "t"), ("ce-type", "u"), ("ce-source", "s")], b""),
        "invalid_header"
    );
    assert_eq!(
        reason(&[("ce-type", "t"), ("ce-source", "s")], b"{"),
        "invalid_data"
    );
    assert_eq!(
        reason(
            &[("ce-type", "t"), ("ce-source", "s"), ("ce-specversion", "0.3")],
            b""
        ),
        "invalid_cloudevent"
    );
    assert_eq!(
        reason(
            &[
                ("ce-type", "t"),
                ("ce-source", "s"),
                ("ce-time", "1969-12-31T23:59:59Z")
            ],
            b""
        ),
        "time_out_of_range"
    );
}

#[test]
fn a_bad_line_spoils_no_other() {
    let body = b"{\"source\":\"s\",\"type\":\"t\"}\n\n\xff\n[]\r\n{\"source\":\"s\",\"type\":\"u\"}\r\n";
    let reading = post(&[("content-type", "application/x-ndjson")], body).unwrap();
    let found: Vec<(usize, bool)> = reading
        .items
        .iter()
        .map(|item| (item.index, item.event.is_ok()))
        .collect();
    assert_eq!(found, [(0, true), (2, false), (3, false), (4, true)]);
}

#[test]
fn json_is_told_apart_by_shape_and_other_types_are_refused() {
    let event = br#"{"source":"s","type":"t"}"#;
    assert!(post(&[], event).unwrap().single);
    assert!(
        !post(&[("content-type", "application/json; charset=utf-8")], b"[]")
            .unwrap()
            .single
    );
    for other in [
        "application/cloudevents+avro",
        "application/xml",
        "multipart/form-data; boundary=x",
    ] {
        assert!(
            matches!(
                post(&[("content-type", other)], event),
                Err(Rejection::MediaType(..))
            ),
            "{other}"
        );
    }
}

#[test]
fn a_batch_has_its_limit() {
    let body = format!("[{}1]", "1,".repeat(1000));
    assert_eq!(
        post(&[], body.as_bytes()).unwrap_err(),
        Rejection::BatchTooLarge {
            count: 1001,
            limit: 1000
        }
    );
    let lines = "1\n".repeat(1001);
    let refused = post(&[("content-type", "application/x-ndjson")], lines.as_bytes()).unwrap_err();
    assert_eq!(
        refused,
        Rejection::BatchTooLarge {
            count: 1001,
            limit: 1000
        }
    );
}

#[test]
fn headers_are_unquoted_and_decoded_once_as_the_binding_says() {
    let pairs =
        |name: &'static str, value: &'static str| [("ce-type", "t"), ("ce-source", "s"), (name, value)];
    let read = |name, value| post(&pairs(name, value), b"{}").unwrap().items.remove(0).event;
    for (value, wanted) in [
        ("Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro € 😀"),
        ("\"Euro%20%E2%82%AC\"", "Euro €"),
        (r#""say \"hi\" \\ there""#, r#"say "hi" \ there"#),
        ("100%25%20sure", "100% sure"),
        ("%2541", "%41"),
        ("50% off", "50% off"),
    ] {
        assert_eq!(
            read("ce-subject", value).unwrap().subject.as_deref(),
            Some(wanted),
            "{value}"
        );
    }
    assert_eq!(read("ce-flag", "").unwrap().extensions.get("flag"), None);
    assert_eq!(read("ce-time", "").unwrap().time, None);
    let kind = read("content-type", "text/plain; x=\"100%25\"").unwrap();
    assert_eq!(kind.datacontenttype.as_deref(), Some("text/plain; x=\"100%25\""));
    let doubled = read("ce-datacontenttype", "application/xml").unwrap();
    assert_eq!(doubled.datacontenttype, None);
}
