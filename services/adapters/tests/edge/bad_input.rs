//! What nobody should send and somebody does: a 4xx with a problem, never a panic, never a 5xx.

use std::fs;
use std::path::PathBuf;

use access::Caller;
use adapters::{Incoming, Limits, Route, read};
use proptest::prelude::*;

use crate::server::{Answer, KEY, Server, exchange};

const JSON: &str = "Content-Type: application/json\r\n";

fn refused(answer: &Answer, what: &str) {
    assert!((400..500).contains(&answer.status), "{what}: {answer:?}");
    answer.problem();
}

/// A folder of the shared test data; says so when it is not there.
fn suite(folder: &str) -> Option<PathBuf> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let root = std::env::var_os("SLUICEBOX_SHARED_DATA").map_or(beside, PathBuf::from);
    let folder = root.join("suites").join(folder);
    if !folder.is_dir() {
        eprintln!("skipped: {} is not there", folder.display());
        return None;
    }
    Some(folder)
}

#[tokio::test]
async fn hostile_bodies_are_refused_on_every_path() {
    let server = Server::start().await;
    let deep = format!(
        "{{\"source\":\"s\",\"type\":\"t\",\"data\":{}{}}}",
        "[".repeat(10_000),
        "]".repeat(10_000)
    );
    let id = format!(
        "{{\"id\":\"{}\",\"source\":\"s\",\"type\":\"t\"}}",
        "x".repeat(1_000_000)
    );
    let long = vec![b' '; 2 * 1024 * 1024];
    let bodies: [&[u8]; 6] = [
        deep.as_bytes(),
        id.as_bytes(),
        &long,
        b"{\"a\":\"\xff\"}",
        b"\0",
        b"\"\\ud800\"",
    ];
    for route in Route::POSTED {
        for body in bodies {
            let answer = server.post(route.path(), JSON, body).await;
            refused(&answer, &format!("{route:?} {} bytes", body.len()));
        }
    }
    assert_eq!(server.taken(), 0);
}

#[tokio::test]
async fn hostile_attributes_are_refused_by_name() {
    let server = Server::start().await;
    for (event, reason) in [
        (
            r#"{"source":"s","type":"t","time":"1969-12-31T23:59:59Z"}"#,
            "time_out_of_range",
        ),
        (
            r#"{"source":"s","type":"t","time":"+292277-01-01T00:00:00Z"}"#,
            "invalid_cloudevent",
        ),
        (r#"{"source":"s\u0000","type":"t"}"#, "control_character"),
        (
            r#"{"source":"s","type":"t","data":{"a":"\ud800"}}"#,
            "invalid_data",
        ),
        (r#"{"source":"\udfff","type":"t"}"#, "invalid_cloudevent"),
        (r#"{"source":"s","type":"t","data":1e999}"#, "invalid_data"),
        (
            r#"{"source":"s","type":"t","time":"2099-01-01T00:00:00Z"}"#,
            "time_ahead",
        ),
        (
            r#"{"source":"s","type":"t","datacontenttype":"application/xml","data":"<a/>"}"#,
            "invalid_data",
        ),
    ] {
        let answer = server.post("/v1/events", JSON, event).await;
        assert_eq!((answer.status, answer.problem()), (422, reason), "{event}");
    }
    for time in ["-1", "9223372036854775807", "1e400", "\"soon\"", "[]"] {
        let body = format!(r#"{{"user_id":1,"type":"login","timestamp":{time}}}"#);
        refused(&server.post("/emit", JSON, &body).await, &body);
    }
    assert_eq!(server.taken(), 0);
}

#[tokio::test]
async fn a_hundred_megabytes_are_refused_without_being_read() {
    let server = Server::start().await;
    let head = format!(
        "POST /v1/events HTTP/1.1\r\nHost: l\r\nX-API-Key: {KEY}\r\nContent-Length: 104857600\r\nConnection: close\r\n\r\n{{"
    );
    let answer = exchange(server.address, head.as_bytes()).await;
    assert_eq!((answer.status, answer.problem()), (413, "body_too_large"));
    let headers = format!("X-Padding: {}\r\n", "x".repeat(40_000));
    let answer = server.post("/v1/events", &headers, "{}").await;
    assert_eq!((answer.status, answer.problem()), (431, "headers_too_large"));
}

#[tokio::test]
async fn an_empty_subject_and_doubled_keys_are_harmless() {
    let server = Server::start().await;
    let answer = server
        .post(
            "/v1/events",
            JSON,
            r#"{"source":"s","type":"t","subject":"","data":{"a":1,"a":2}}"#,
        )
        .await;
    assert_eq!(answer.status, 202);
    assert_eq!(server.only().0.subject, None);
}

#[tokio::test]
async fn the_json_suite_is_told_right_from_wrong() {
    let Some(folder) = suite("json/test_parsing") else {
        return;
    };
    let server = Server::start().await;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let json = fs::read(&path).unwrap();
        let wrapped = [br#"{"source":"s","type":"t","data":"#.as_slice(), &json, b"}"].concat();
        for route in Route::POSTED {
            let answer = server.post(route.path(), JSON, &json).await;
            assert!(answer.status < 500, "{name} {route:?}: {answer:?}");
            let made_up = route == Route::Emit && json.trim_ascii().is_empty();
            if name.starts_with("n_") && !made_up {
                refused(&answer, &format!("{name} {route:?}"));
            }
        }
        let answer = server.post("/v1/events", JSON, &wrapped).await;
        match name.as_bytes()[0] {
            b'y' => assert_eq!(answer.status, 202, "{name}: {answer:?}"),
            b'n' => refused(&answer, &name),
            _ => assert!(answer.status < 500, "{name}: {answer:?}"),
        }
    }
}

#[tokio::test]
async fn naughty_strings_are_taken_or_refused_everywhere() {
    let Some(folder) = suite("blns") else { return };
    let server = Server::start().await;
    let strings: Vec<String> = serde_json::from_slice(&fs::read(folder.join("blns.json")).unwrap()).unwrap();
    for text in strings {
        let event = serde_json::json!({"source": "s", "type": "t", "subject": text, "data": {"text": text}});
        let eventflow =
            serde_json::json!({"event_type": text, "user_id": text, "properties": {text.clone(): text}});
        for (path, body) in [("/v1/events", event), ("/events", eventflow)] {
            let answer = server.post(path, JSON, body.to_string()).await;
            assert!(
                answer.status == 202 || answer.status == 422,
                "{text:?}: {answer:?}"
            );
        }
    }
}

fn looks_like_json() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\\u",
        "d800",
        "null",
        "1e9",
        "-",
        "\"type\":",
        "\"source\":",
        "\"s\"",
        "\"user_id\":",
        "\"login\"",
        "\"event_type\":",
        "\"title\":",
        "\"data\":",
        "\"timestamp\":",
        "\n",
        "\u{0}",
        "é",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat().into_bytes())
}

proptest! {
    #[test]
    fn no_bytes_on_any_path_make_a_reader_panic(
        body in prop_oneof![prop::collection::vec(any::<u8>(), 0..200), looks_like_json()],
        kind in prop::sample::select(vec!["", "application/cloudevents+json", "application/x-ndjson", "text/html"]),
        value in prop::collection::vec(0x20_u8..0x7f, 0..20),
        nonce: u64,
    ) {
        let mut headers = axum::http::HeaderMap::new();
        headers.insert("content-type", kind.parse().unwrap());
        let value = axum::http::HeaderValue::from_bytes(&value).unwrap();
        for name in if nonce % 2 == 0 { vec![] } else { vec!["ce-type", "ce-source", "ce-time"] } {
            headers.insert(name, value.clone());
        }
        let request = model::Request::keyed(nonce.to_string());
        for route in Route::POSTED {
            let incoming = Incoming { headers: &headers, body: &body, now: 0, request: &request, caller: &Caller::anonymous() };
            for item in read(route, &incoming, &Limits::default()).map(|reading| reading.items).unwrap_or_default() {
                let id = item.event.map_or(1, |event| event.id.len());
                prop_assert!(id > 0 && id <= 1024);
            }
        }
    }
}
