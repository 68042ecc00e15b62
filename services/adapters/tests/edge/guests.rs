//! Who is let in, and how often.

use settings::{AdaptersSettings, AuthMode};

use crate::server::{KEY, Server, settings};

const EVENT: &[u8] = br#"{"source":"s","type":"t"}"#;

#[tokio::test]
async fn a_key_opens_in_either_header() {
    let server = Server::start().await;
    for header in [
        format!("X-API-Key: {KEY}"),
        format!("Authorization: bearer {KEY}"),
        "x-api-key: another-key".into(),
    ] {
        let answer = server
            .send(&format!("POST /v1/events HTTP/1.1\r\n{header}\r\n"), EVENT)
            .await;
        assert_eq!(answer.status, 202, "{header}");
    }
}

#[tokio::test]
async fn without_a_known_key_nothing_is_taken() {
    let server = Server::start().await;
    for header in [
        "",
        "X-API-Key: dev-test-key-12\r\n",
        "X-API-Key: \r\n",
        "Authorization: Basic dev-test-key-123\r\n",
    ] {
        let answer = server
            .send(&format!("POST /v1/events HTTP/1.1\r\n{header}"), EVENT)
            .await;
        assert_eq!(
            (answer.status, answer.problem()),
            (401, "unauthorized"),
            "{header}"
        );
        assert!(
            answer
                .header("www-authenticate")
                .unwrap()
                .starts_with("Bearer realm=")
        );
    }
    assert_eq!(server.taken(), 0);
}

#[tokio::test]
async fn no_keys_means_nobody_unless_none_is_required() {
    let closed = Server::with(&AdaptersSettings::default()).await;
    assert_eq!(closed.post("/v1/events", "", EVENT).await.status, 401);
    let open = Server::with(&AdaptersSettings {
        auth: AuthMode::None,
        ..AdaptersSettings::default()
    })
    .await;
    assert_eq!(open.send("POST /v1/events HTTP/1.1\r\n", EVENT).await.status, 202);
}

#[tokio::test]
async fn each_key_has_its_rate() {
    let server = Server::with(&AdaptersSettings {
        rate_per_s: Some(1),
        ..settings()
    })
    .await;
    assert_eq!(server.post("/v1/events", "", EVENT).await.status, 202);
    let again = server.post("/v1/events", "", EVENT).await;
    assert_eq!(
        (again.status, again.problem(), again.header("retry-after")),
        (429, "rate_limited", Some("1"))
    );
    let other = server
        .send("POST /v1/events HTTP/1.1\r\nX-API-Key: another-key\r\n", EVENT)
        .await;
    assert_eq!(other.status, 202);
}

#[tokio::test]
async fn other_paths_and_methods_are_problems_too() {
    let server = Server::start().await;
    let path = server.post("/nowhere", "", EVENT).await;
    assert_eq!((path.status, path.problem()), (404, "unknown_path"));
    let method = server
        .send(&format!("GET /v1/events HTTP/1.1\r\nX-API-Key: {KEY}\r\n"), b"")
        .await;
    assert_eq!(
        (method.status, method.problem(), method.header("allow")),
        (405, "wrong_method", Some("POST"))
    );
}

#[tokio::test]
async fn without_keys_only_requests_meant_for_the_edge_come_in() {
    let open = AdaptersSettings {
        auth: AuthMode::None,
        allowed_hosts: vec!["events.example".to_owned()],
        ..settings()
    };
    let server = Server::with(&open).await;
    for (headers, status, reason) in [
        ("Host: evil.example\r\n", 421, "host_not_allowed"),
        (
            "Host: localhost\r\nOrigin: https://evil.example\r\n",
            403,
            "origin_not_allowed",
        ),
        ("Host: localhost\r\nOrigin: null\r\n", 403, "origin_not_allowed"),
        ("", 400, "host_missing"),
        ("Host: localhost\r\nHost: localhost\r\n", 400, "host_missing"),
    ] {
        let answer = server.raw(headers, EVENT).await;
        assert_eq!((answer.status, answer.problem()), (status, reason), "{headers}");
    }
    for headers in [
        "Host: events.example\r\n",
        "Host: localhost:1\r\nOrigin: http://127.0.0.1:3000\r\n",
    ] {
        assert_eq!(server.raw(headers, EVENT).await.status, 202, "{headers}");
    }
    let server = Server::start().await;
    let keyed = format!("Host: gateway.example\r\nX-API-Key: {KEY}\r\n");
    assert_eq!(server.raw(&keyed, EVENT).await.status, 202, "keys decide");
}
