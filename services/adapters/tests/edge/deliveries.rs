//! Signed webhooks, from the wire to the event.

use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use adapters::Webhooks;
use ring::hmac;
use settings::{AccessSettings, AdaptersSettings, Secret, WebhookProvider, WebhookSettings};

use crate::server::{Answer, Server};

fn hex_tag(secret: &str, text: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, text.as_bytes());
    hex::encode(tag.as_ref())
}

fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn hook(name: &str, provider: WebhookProvider) -> WebhookSettings {
    WebhookSettings {
        name: name.to_owned(),
        provider,
        secrets: vec![Secret::new("an old secret"), Secret::new("a new secret")],
        tenant: "acme".to_owned(),
        ..WebhookSettings::default()
    }
}

async fn serve(webhooks: Vec<WebhookSettings>) -> Server {
    Server::with(&AdaptersSettings {
        webhooks,
        ..AdaptersSettings::default()
    })
    .await
}

async fn post(server: &Server, path: &str, headers: &str, body: &str) -> Answer {
    server
        .send(&format!("POST {path} HTTP/1.1\r\n{headers}"), body.as_bytes())
        .await
}

#[tokio::test]
async fn a_signed_delivery_is_an_event_under_the_providers_id() {
    let server = serve(vec![hook("code", WebhookProvider::Github)]).await;
    let body = r#"{"action":"opened"}"#;
    for secret in ["an old secret", "a new secret"] {
        let headers = format!(
            "X-Hub-Signature-256: sha256={}\r\nX-GitHub-Delivery: 72d3\r\nX-GitHub-Event: issues\r\n",
            hex_tag(secret, body)
        );
        let answer = post(&server, "/v1/webhooks/code", &headers, body).await;
        assert_eq!(
            (answer.status, answer.json["id"].as_str()),
            (202, Some("72d3")),
            "{answer:?}"
        );
    }
    let (event, _) = server.log.taken.lock().unwrap().pop().unwrap();
    assert_eq!(
        (event.kind.as_str(), event.source.as_str()),
        ("github.issues", "code")
    );
    assert_eq!(
        (event.tenant.as_str(), event.principal.as_deref()),
        ("acme", Some("webhook:code"))
    );
    assert!(!event.trusted);
}

#[tokio::test]
async fn secrets_and_paths_are_followed_while_the_edge_runs() {
    let wanted = Arc::new(Mutex::new(Ok(vec![hook("code", WebhookProvider::Github)])));
    let settings = wanted.lock().unwrap().clone().unwrap();
    let asked = Arc::clone(&wanted);
    let webhooks = Webhooks::follow(&settings, move || asked.lock().unwrap().clone()).unwrap();
    let keys = AdaptersSettings::default();
    let server = Server::following(&keys, &AccessSettings::default(), &webhooks).await;
    let delivered = async |path: &str, secret: &str| {
        let tag = hex_tag(secret, "{}");
        let headers = format!("X-Hub-Signature-256: sha256={tag}\r\n");
        post(&server, path, &headers, "{}").await.status
    };
    let set = |hooks: Result<Vec<WebhookSettings>, &'static str>| {
        *wanted.lock().unwrap() = hooks;
        webhooks.reload_now()
    };
    let with = |secrets: &[&str]| WebhookSettings {
        secrets: secrets.iter().map(|secret| Secret::new(*secret)).collect(),
        ..hook("code", WebhookProvider::Github)
    };
    let code = "/v1/webhooks/code";
    assert_eq!(delivered(code, "the newest").await, 401);

    set(Ok(vec![with(&["a new secret", "the newest"])]));
    assert_eq!(delivered(code, "the newest").await, 202);
    assert_eq!(delivered(code, "a new secret").await, 202);
    assert_eq!(delivered(code, "an old secret").await, 401, "it was taken away");

    let standard = WebhookSettings {
        provider: WebhookProvider::Standard,
        ..with(&["no base64!"])
    };
    for bad in [Ok(vec![standard]), Err("the file cannot be read")] {
        let status = set(bad);
        assert!(status.last_error.is_some(), "{status:?}");
        assert_eq!(
            delivered(code, "the newest").await,
            202,
            "the last good ones stay"
        );
    }

    let moved = WebhookSettings {
        path: Some("/hooks/code".to_owned()),
        ..with(&["the newest"])
    };
    let status = set(Ok(vec![moved]));
    assert_eq!(status.content.as_deref(), Some("webhooks code (secrets: 1)"));
    assert_eq!(delivered("/hooks/code", "the newest").await, 202);
    assert_eq!(delivered(code, "the newest").await, 404);
}

#[tokio::test]
async fn what_nobody_signed_is_refused_and_slowed_down() {
    let server = serve(vec![hook("code", WebhookProvider::Github)]).await;
    let wrong = format!("X-Hub-Signature-256: sha256={}\r\n", hex_tag("guess", "{}"));
    for headers in ["", &wrong] {
        let answer = post(&server, "/v1/webhooks/code", headers, "{}").await;
        assert_eq!((answer.status, answer.problem()), (401, "bad_signature"));
    }
    for _ in 0..9 {
        let answer = post(&server, "/v1/webhooks/code", &wrong, "{}").await;
        assert_eq!(answer.status, 401, "what is looked at is told why it is refused");
    }
    let answer = post(&server, "/v1/webhooks/code", &wrong, "{}").await;
    assert_eq!((answer.status, answer.problem()), (429, "too_many_failed_logins"));
    assert_eq!(server.taken(), 0);
    let counts = server.counts.snapshot();
    assert_eq!(
        counts.get(&(None, "refused", "signature_wrong")),
        Some(&10),
        "{counts:?}"
    );
    assert_eq!(
        counts.get(&(None, "refused", "signature_missing")),
        Some(&1),
        "{counts:?}"
    );
    assert_eq!(post(&server, "/v1/webhooks/other", "", "{}").await.status, 404);
}

#[tokio::test]
async fn whose_webhook_was_good_from_an_address_goes_on_while_others_guess_there() {
    let server = serve(vec![
        hook("code", WebhookProvider::Github),
        hook("other", WebhookProvider::Github),
    ])
    .await;
    let signed = |secret: &str| format!("X-Hub-Signature-256: sha256={}\r\n", hex_tag(secret, "{}"));
    assert_eq!(
        post(&server, "/v1/webhooks/code", &signed("a new secret"), "{}")
            .await
            .status,
        202
    );
    for _ in 0..11 {
        post(&server, "/v1/webhooks/other", &signed("guess"), "{}").await;
    }
    assert_eq!(
        post(&server, "/v1/webhooks/other", &signed("guess"), "{}")
            .await
            .status,
        429
    );
    assert_eq!(
        post(&server, "/v1/webhooks/code", &signed("a new secret"), "{}")
            .await
            .status,
        202
    );
}

#[tokio::test]
async fn a_replay_beyond_the_tolerance_is_refused() {
    let server = serve(vec![
        hook("pay", WebhookProvider::Stripe),
        hook("chat", WebhookProvider::Slack),
    ])
    .await;
    for (age, status) in [(0, 202), (290, 202), (310, 401)] {
        let time = seconds() - age;
        let body = format!(r#"{{"id":"evt_{age}","type":"invoice.paid"}}"#);
        let tag = hex_tag("a new secret", &format!("{time}.{body}"));
        let stripe = format!("Stripe-Signature: t={time},v1={tag}\r\n");
        let answer = post(&server, "/v1/webhooks/pay", &stripe, &body).await;
        assert_eq!(answer.status, status, "{age} {answer:?}");
        let tag = hex_tag("a new secret", &format!("v0:{time}:{body}"));
        let slack = format!("X-Slack-Request-Timestamp: {time}\r\nX-Slack-Signature: v0={tag}\r\n");
        assert_eq!(
            post(&server, "/v1/webhooks/chat", &slack, &body).await.status,
            status,
            "{age}"
        );
    }
}

#[tokio::test]
async fn the_webhook_of_event_stream_starter_may_be_signed() {
    let server = serve(vec![WebhookSettings {
        path: Some("/api/v1/webhooks/ingest".to_owned()),
        header: "X-Webhook-Signature".to_owned(),
        prefix: "sha256=".to_owned(),
        ..hook("starter", WebhookProvider::Hmac)
    }])
    .await;
    let body = r#"{"title":"New token"}"#;
    assert_eq!(
        post(&server, "/api/v1/webhooks/ingest", "", body).await.status,
        401
    );
    let headers = format!(
        "X-Webhook-Signature: sha256={}\r\n",
        hex_tag("a new secret", body)
    );
    assert_eq!(
        post(&server, "/api/v1/webhooks/ingest", &headers, body)
            .await
            .status,
        202
    );
    assert!(server.only().0.id.starts_with("evt_"));
}
