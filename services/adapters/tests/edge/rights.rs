//! What a key allows: its tenant, sources, types, rate, and for how long.

use std::path::Path;

use access::{ApiKey, Globs, KeyTable, NewKey, Rate, Scope, key_file};
use chrono::{DateTime, Utc};
use settings::{AccessSettings, AdaptersSettings};

use crate::server::{Answer, Server};

/// A keys file, and what its keys are to be.
pub(crate) struct Ring {
    folder: tempfile::TempDir,
}

pub(crate) fn shop() -> NewKey {
    NewKey {
        name: "shop".to_owned(),
        tenant: "acme".to_owned(),
        scopes: [Scope::Ingest].into(),
        sources: Globs::of(["/shop/*"]),
        types: Globs::of(["user.*"]),
        rate: Rate::default(),
        expires: None,
    }
}

impl Ring {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("keys.jsonl")
    }

    pub(crate) fn add(&self, new: NewKey) -> String {
        let key = key_file::new_key().unwrap();
        change(&self.path(), &key, new);
        key.expose()
    }

    pub(crate) fn settings(&self) -> AccessSettings {
        AccessSettings {
            keys_file: Some(self.path()),
            ..AccessSettings::default()
        }
    }

    pub(crate) async fn serve(&self) -> Server {
        Server::asking(&AdaptersSettings::default(), &self.settings()).await
    }
}

fn change(path: &Path, key: &ApiKey, new: NewKey) {
    let changed = key_file::change(path, |text| {
        let table = KeyTable::read(text).unwrap();
        Ok::<_, std::io::Error>((table.with(text, key, new, Utc::now()).unwrap(), ()))
    });
    changed.unwrap();
}

async fn post(server: &Server, key: &str, path: &str, headers: &str, body: &str) -> Answer {
    let head = format!("POST {path} HTTP/1.1\r\nAuthorization: Bearer {key}\r\n{headers}");
    server.send(&head, body.as_bytes()).await
}

const LOGIN: &str = r#"{"id":"1","source":"/shop/eu","type":"user.login","subject":"user:1"}"#;

#[tokio::test]
async fn the_keys_tenant_and_name_are_on_every_event() {
    let ring = Ring::new();
    let key = ring.add(shop());
    let server = ring.serve().await;
    assert_eq!(post(&server, &key, "/v1/events", "", LOGIN).await.status, 202);
    let (event, _) = server.only();
    assert_eq!(
        (event.tenant.as_str(), event.principal.as_deref()),
        ("acme", Some("shop"))
    );
    assert!(!event.trusted);
    let same = LOGIN.replace("\"id\"", "\"tenant\":\"acme\",\"id\"");
    assert_eq!(post(&server, &key, "/v1/events", "", &same).await.status, 202);
    let trusted = ring.add(NewKey {
        name: "feeds".to_owned(),
        scopes: [Scope::Ingest, Scope::Trusted].into(),
        ..shop()
    });
    let server = ring.serve().await;
    let about = LOGIN.replace("user:1", "source:/bank");
    assert_eq!(
        post(&server, &trusted, "/v1/events", "", &about).await.status,
        202
    );
    assert!(server.only().0.trusted);
}

#[tokio::test]
async fn a_body_that_says_otherwise_is_refused_with_the_field() {
    let ring = Ring::new();
    let key = ring.add(shop());
    let server = ring.serve().await;
    for (wrong, field) in [
        (LOGIN.replace("\"id\"", "\"tenant\":\"default\",\"id\""), "tenant"),
        (LOGIN.replace("\"id\"", "\"tenant\":\"Acme\",\"id\""), "tenant"),
        (LOGIN.replace("/shop/eu", "/bank"), "source"),
        (LOGIN.replace("user.login", "payment"), "type"),
        (LOGIN.replace("user:1", "source:/bank"), "subject"),
    ] {
        let answer = post(&server, &key, "/v1/events", "", &wrong).await;
        assert_eq!(
            (answer.status, answer.json["field"].as_str()),
            (403, Some(field)),
            "{wrong}"
        );
        assert_eq!(answer.problem(), format!("forbidden_{field}"));
        let batch = post(
            &server,
            &key,
            "/v1/events",
            "Content-Type: application/cloudevents-batch+json\r\n",
            &format!("[{wrong}]"),
        )
        .await;
        assert_eq!((batch.status, server.taken()), (403, 0));
    }
    let binary = "ce-id: 1\r\nce-source: /shop/eu\r\nce-type: user.login\r\nce-tenant: other\r\n";
    let answer = post(&server, &key, "/v1/events", binary, "").await;
    assert_eq!(
        (answer.status, answer.json["field"].as_str()),
        (403, Some("tenant"))
    );
    for (path, body) in [
        (
            "/events",
            r#"{"event_type":"user.x","user_id":"1","properties":{}}"#,
        ),
        ("/emit", r#"{"user_id":1,"type":"login","payload":{}}"#),
        (
            "/api/v1/events",
            r#"{"event_type":"user.x","title":"t","source":"/bank"}"#,
        ),
        (
            "/api/v1/events",
            r#"{"type":"user.x","source":"/bank","data":{}}"#,
        ),
        (
            "/api/v1/webhooks/ingest",
            r#"{"event_type":"user.x","source":"/bank"}"#,
        ),
    ] {
        let answer = post(&server, &key, path, "", body).await;
        assert_eq!(
            (answer.status, answer.json["field"].as_str()),
            (403, Some("source")),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_tenant_is_a_plain_name_whoever_names_it() {
    let server = Server::asking(
        &AdaptersSettings {
            auth: settings::AuthMode::None,
            ..AdaptersSettings::default()
        },
        &AccessSettings::default(),
    )
    .await;
    for bad in ["Acme", "acme ", "\u{430}cme", "a.b", "*"] {
        let body = LOGIN.replace("\"id\"", &format!("\"tenant\":\"{bad}\",\"id\""));
        let answer = server.send("POST /v1/events HTTP/1.1\r\n", body.as_bytes()).await;
        assert_eq!(
            (answer.status, answer.problem()),
            (422, "invalid_tenant"),
            "{bad}"
        );
    }
    let body = LOGIN.replace("\"id\"", "\"tenant\":\"acme-eu_1\",\"id\"");
    assert_eq!(
        server
            .send("POST /v1/events HTTP/1.1\r\n", body.as_bytes())
            .await
            .status,
        202
    );
    let (event, _) = server.only();
    assert_eq!((event.tenant.as_str(), event.principal), ("acme-eu_1", None));
}

#[tokio::test]
async fn a_batch_costs_its_events_and_a_rate_is_a_keys_own() {
    let ring = Ring::new();
    let rate = Rate {
        events_per_s: Some(5),
        bytes_per_s: None,
    };
    let slow = ring.add(NewKey { rate, ..shop() });
    let other = ring.add(NewKey {
        name: "other".to_owned(),
        ..shop()
    });
    let server = ring.serve().await;
    let ndjson = "Content-Type: application/x-ndjson\r\n";
    let batch = vec![LOGIN; 50].join("\n");
    assert_eq!(
        post(&server, &slow, "/v1/events", ndjson, &batch).await.status,
        202
    );
    let again = post(&server, &slow, "/v1/events", "", LOGIN).await;
    assert_eq!((again.status, again.problem()), (429, "rate_limited"));
    let wait: u32 = again.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=10).contains(&wait), "{wait}");
    assert_eq!(post(&server, &other, "/v1/events", "", LOGIN).await.status, 202);
}

#[tokio::test]
async fn a_key_without_the_scope_or_past_its_end_is_refused() {
    let ring = Ring::new();
    let reader = ring.add(NewKey {
        scopes: [Scope::Read].into(),
        ..shop()
    });
    let over = ring.add(NewKey {
        expires: Some(DateTime::<Utc>::UNIX_EPOCH),
        ..shop()
    });
    let server = ring.serve().await;
    let answer = post(&server, &reader, "/v1/events", "", LOGIN).await;
    assert_eq!((answer.status, answer.problem()), (403, "forbidden"));
    assert!(
        answer
            .header("www-authenticate")
            .unwrap()
            .contains("insufficient_scope")
    );
    let answer = post(&server, &over, "/v1/events", "", LOGIN).await;
    assert_eq!((answer.status, answer.problem()), (401, "unauthorized"));
    let counts = server.counts.snapshot();
    for reason in ["missing_scope", "expired_key"] {
        assert_eq!(counts.get(&(None, "refused", reason)), Some(&1), "{counts:?}");
    }
}

#[tokio::test]
async fn guesses_are_slowed_down_after_ten_and_a_known_key_is_not() {
    let ring = Ring::new();
    let key = ring.add(shop());
    let server = ring.serve().await;
    assert_eq!(post(&server, &key, "/v1/events", "", LOGIN).await.status, 202);
    for guess in 0..11 {
        let answer = post(&server, &format!("guess-{guess}"), "/v1/events", "", LOGIN).await;
        assert_eq!(answer.status, 401, "{guess}");
    }
    let answer = post(&server, "guess", "/v1/events", "", LOGIN).await;
    assert_eq!((answer.status, answer.problem()), (429, "too_many_failed_logins"));
    assert!(answer.header("retry-after").is_some());
    assert_eq!(post(&server, &key, "/v1/events", "", LOGIN).await.status, 202);
}
