//! Whole requests of any kind: each is answered, never with a 5xx, and what is answered with 202 is an event.

use crate::both::{Said, edge, normalized};
use adapters::Route;
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Request};
use proptest::prelude::*;
use stage::Settled;

const NAMES: [&str; 16] = [
    "content-type",
    "content-encoding",
    "content-length",
    "idempotency-key",
    "x-correlation-id",
    "traceparent",
    "expect",
    "ce-id",
    "ce-source",
    "ce-type",
    "ce-time",
    "ce-specversion",
    "ce-subject",
    "ce-tenant",
    "ce-datacontenttype",
    "ce-x",
];

const VALUES: [&[u8]; 22] = [
    b"",
    b" ",
    b"1.0",
    b"0.3",
    b"application/json",
    b"Application/CloudEvents+JSON; charset=UTF-8",
    b"application/cloudevents-batch+json",
    b"application/x-ndjson",
    b"text/plain",
    b"image/png",
    b"gzip",
    b"zstd",
    b"deflate, gzip",
    b"2026-01-02T03:04:05Z",
    b"2099-01-01T00:00:00Z",
    b"%FF",
    b"%00",
    b"\"a \\\" b\"",
    b"\"",
    b"99999999999999999999",
    b"caf\xe9",
    b"caf\xc3\xa9",
];

const PIECES: [&[u8]; 22] = [
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b"\n",
    b"\"source\":\"s\"",
    b"\"type\":\"login\"",
    b"\"user_id\":7",
    b"\"event_type\":\"t\"",
    b"\"title\":\"gm\"",
    b"\"data\":{\"a\":1}",
    b"\"data_base64\":\"AA==\"",
    b"\"time\":\"2099-01-01T00:00:00Z\"",
    b"\"timestamp\":4070908800000",
    b"\"datacontenttype\":\"TEXT/Plain\"",
    b"\"id\":null",
    b"\"x\":1e999",
    b"\xef\xbb\xbf",
    b"\xff",
    b"\x1f\x8b\x08\x00",
    b"\x28\xb5\x2f\xfd",
];

fn bodies() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..14);
    let whole = prop::collection::vec(prop::sample::select(PIECES.to_vec()), 1..6);
    prop_oneof![
        pieces.prop_map(|pieces| pieces.concat()),
        whole.prop_map(|members| [b"{".to_vec(), members.join(&b","[..]), b"}".to_vec()].concat()),
        prop::collection::vec(any::<u8>(), 0..60),
    ]
}

fn headers() -> impl Strategy<Value = Vec<(&'static str, &'static [u8])>> {
    let header = (
        prop::sample::select(NAMES.to_vec()),
        prop::sample::select(VALUES.to_vec()),
    );
    prop::collection::vec(header, 0..6)
}

fn paths() -> impl Strategy<Value = &'static str> {
    let known = Route::POSTED.map(Route::path);
    prop::sample::select([&known[..], &["/", "/v1/events/", "/metrics"]].concat())
}

proptest! {
    #[test]
    fn each_is_answered_and_what_is_taken_is_an_event(path in paths(), headers in headers(), body in bodies()) {
        let mut request = Request::post(path);
        for (name, value) in headers {
            let (name, value) = (HeaderName::from_static(name), HeaderValue::from_bytes(value).unwrap());
            request.headers_mut().unwrap().append(name, value);
        }
        // The harness refuses a 5xx.
        if let Said::Taken(events) = edge(request.body(Body::from(body)).unwrap()) {
            for event in events {
                prop_assert!(!event.id.is_empty());
                prop_assert!(matches!(normalized(event), Settled::Out(_)));
            }
        }
    }
}
