//! What users of existing systems send, byte for byte as they document it, and the event it becomes.

use model::RawEvent;

use crate::server::{Answer, Server};

const JSON: &str = "Content-Type: application/json\r\n";

fn data(event: &RawEvent) -> serde_json::Value {
    serde_json::from_slice(event.data.as_deref().unwrap()).unwrap()
}

async fn taken(path: &str, headers: &str, body: &str) -> (Answer, RawEvent) {
    let server = Server::start().await;
    let answer = server.post(path, headers, body).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    let (event, _) = server.only();
    (answer, event)
}

#[tokio::test]
async fn eventflow_posts_a_purchase() {
    let body =
        r#"{"event_type":"purchase","user_id":"user123","properties":{"amount":99.99,"product":"Widget"}}"#;
    let (answer, event) = taken("/events", &format!("{JSON}X-Correlation-ID: c-1\r\n"), body).await;
    assert_eq!(
        (event.kind.as_str(), event.subject.as_deref()),
        ("purchase", Some("user:user123"))
    );
    assert_eq!(
        data(&event),
        serde_json::json!({"amount": 99.99, "product": "Widget"})
    );
    assert_eq!(event.extensions["correlationid"], "c-1");
    assert_eq!(answer.json["event_id"], event.id);
    assert_eq!(answer.json["status"], "accepted");
    assert_eq!(answer.header("x-correlation-id"), Some("c-1"));
}

#[tokio::test]
async fn eventflow_may_name_id_and_time() {
    let body = r#"{"event_id":"e-9","event_type":"page_view","user_id":7,"timestamp":"2024-01-15T10:30:00","session":"s1"}"#;
    let (answer, event) = taken("/events", JSON, body).await;
    assert_eq!((event.id.as_str(), event.time), ("e-9", Some(1_705_314_600_000)));
    assert_eq!(event.subject.as_deref(), Some("user:7"));
    assert_eq!(event.extensions["session"], "s1");
    assert_eq!(answer.json["event_id"], "e-9");
}

#[tokio::test]
async fn event_pipeline_posts_a_login() {
    let body = r#"{"user_id":123,"type":"login","timestamp":1640995200000,"payload":{"login_method":"password","success":true,"location":"US","ip_address":"192.168.1.100"}}"#;
    let (answer, event) = taken("/emit", JSON, body).await;
    assert_eq!(
        (event.kind.as_str(), event.subject.as_deref()),
        ("user.login", Some("user:123"))
    );
    assert_eq!(event.time, Some(1_640_995_200_000));
    assert_eq!(data(&event)["ip_address"], "192.168.1.100");
    assert_eq!(answer.json["event_id"], event.id);
}

#[tokio::test]
async fn event_pipeline_posts_every_type_in_a_list() {
    let server = Server::start().await;
    let kinds = ["login", "purchase", "click", "api_call", "file_access"];
    let form =
        |kind| format!(r#"{{"user_id":123,"type":"{kind}","timestamp":1640995200000,"payload":{{}}}}"#);
    let body = format!("[{}]", kinds.map(form).join(","));
    assert_eq!(server.post("/emit", JSON, body).await.status, 202);
    let taken = server.log.taken.lock().unwrap();
    let types: Vec<&str> = taken.iter().map(|(event, _)| event.kind.as_str()).collect();
    assert_eq!(
        types,
        [
            "user.login",
            "user.purchase",
            "user.click",
            "user.api_call",
            "user.file_access"
        ]
    );
}

#[tokio::test]
async fn event_pipeline_posts_its_avro_signal_as_json() {
    let body = r#"{"event_id":"0b7c","user_id":"user_123","source":"mobile","type":"click","event_ts":1640995200000,"ingest_ts":1640995200005,"payload":{"session_id":"sess_1","data":"sample_data_42"}}"#;
    let (_, event) = taken("/emit", JSON, body).await;
    assert_eq!((event.id.as_str(), event.source.as_str()), ("0b7c", "mobile"));
    assert_eq!(
        (event.kind.as_str(), event.time),
        ("user.click", Some(1_640_995_200_000))
    );
    assert_eq!(event.extensions["ingest_ts"], "1640995200005");
}

#[tokio::test]
async fn event_pipeline_asks_for_a_made_up_signal_without_a_body() {
    let (answer, event) = taken(
        "/emit",
        "Accept: application/json\r\nContent-Type: application/json\r\n",
        "",
    )
    .await;
    assert!(event.kind.starts_with("user.") && event.subject.as_deref().unwrap().starts_with("user:"));
    assert_eq!(event.extensions["generated"], "true");
    assert_eq!(answer.json["event_id"], event.id);
}

#[tokio::test]
async fn event_stream_starter_posts_news_of_a_token() {
    let body = r#"{"source":"manual_test","event_type":"token_launch","title":"New Token Launch: $TEST","url":"https://example.com/test-token","chain":"ethereum"}"#;
    let (answer, event) = taken("/api/v1/events", JSON, body).await;
    assert_eq!(
        (event.kind.as_str(), event.source.as_str()),
        ("token_launch", "manual_test")
    );
    assert_eq!(
        event.subject.as_deref(),
        Some("url:https://example.com/test-token")
    );
    assert_eq!(data(&event)["title"], "New Token Launch: $TEST");
    assert_eq!(answer.json["status"], "accepted");
}

#[tokio::test]
async fn event_stream_starter_takes_token_then_symbol_as_subject() {
    let body = r#"{"title":"x","token_ca":"0xABCDEF1234567890abcdef1234567890abcdef12","symbol":"DEMO","chain":"ethereum"}"#;
    let (_, event) = taken("/api/v1/webhooks/ingest", JSON, body).await;
    assert_eq!(
        event.subject.as_deref(),
        Some("token:eth:0xabcdef1234567890abcdef1234567890abcdef12")
    );
    let (_, event) = taken(
        "/api/v1/webhooks/ingest",
        JSON,
        r#"{"text":"x","symbol":"$demo","token_ca":null}"#,
    )
    .await;
    assert_eq!(event.subject.as_deref(), Some("symbol:DEMO"));
}

#[tokio::test]
async fn stream_flow_posts_a_click() {
    let body = r#"{"type":"web.click","source":"shop","timestamp":1640995200000,"severity":"low","data":{"x":1},"correlation_id":"c-2","user_id":"u1","tags":["a","b"]}"#;
    let (answer, event) = taken("/api/v1/events", JSON, body).await;
    assert_eq!(
        (event.kind.as_str(), event.subject.as_deref()),
        ("web.click", Some("user:u1"))
    );
    assert_eq!(
        (&*event.extensions["severity"], &*event.extensions["tags"]),
        ("low", "a,b")
    );
    assert_eq!(event.extensions["correlationid"], "c-2");
    assert_eq!(
        (&answer.json["id"], &answer.json["status"]),
        (&event.id.clone().into(), &"accepted".into())
    );
}

#[tokio::test]
async fn a_shape_of_neither_dialect_names_both() {
    let server = Server::start().await;
    let answer = server.post("/api/v1/events", JSON, r#"{"type":"x"}"#).await;
    assert_eq!((answer.status, answer.problem()), (422, "unknown_shape"));
    let detail = answer.json["detail"].as_str().unwrap();
    assert!(
        detail.contains("event-stream-starter") && detail.contains("StreamFlow"),
        "{detail}"
    );
}

#[tokio::test]
async fn cloudevents_come_structured_binary_in_batches_and_in_lines() {
    let server = Server::start().await;
    let event = r#"{"specversion":"1.0","id":"1","source":"/s","type":"t","data":{"a":1}}"#;
    let other = r#"{"specversion":"1.0","id":"2","source":"/s","type":"t"}"#;
    let structured = "Content-Type: application/cloudevents+json\r\n";
    let binary = "Content-Type: application/json\r\nce-specversion: 1.0\r\nce-id: 1\r\nce-source: /s\r\nce-type: t\r\n";
    let batch = "Content-Type: application/cloudevents-batch+json\r\n";
    let lines = "Content-Type: application/x-ndjson\r\n";
    let requests = [
        (structured, event.to_owned()),
        (binary, r#"{"a":1}"#.to_owned()),
        (batch, format!("[{event},{other}]")),
        (lines, format!("{event}\n{other}\n")),
    ];
    for (headers, body) in requests {
        let answer = server.post("/v1/events", headers, body).await;
        assert_eq!(
            (answer.status, &answer.json["accepted"][0]["id"]),
            (202, &"1".into()),
            "{answer:?}"
        );
        assert_eq!(answer.json["rejected"], serde_json::json!([]));
    }
    let taken = server.log.taken.lock().unwrap();
    let ones: Vec<&RawEvent> = taken
        .iter()
        .map(|(event, _)| event)
        .filter(|event| event.id == "1")
        .collect();
    assert_eq!((taken.len(), ones.len()), (6, 4));
    assert!(
        ones.iter()
            .all(|event| event.data.as_deref() == Some(br#"{"a":1}"#))
    );
}

/// The ids that two requests get.
async fn ids(one: (&str, &str), other: (&str, &str)) -> (String, String) {
    let ((_, one), (_, other)) = tokio::join!(taken("/emit", one.0, one.1), taken("/emit", other.0, other.1));
    assert!(one.id.starts_with("evt_") && other.id.starts_with("evt_"));
    (one.id, other.id)
}

#[tokio::test]
async fn a_request_that_is_sent_again_with_its_key_is_the_same_event() {
    let body = r#"{"user_id":123,"type":"click","timestamp":1640995200000,"payload":{"a":1,"b":2}}"#;
    let turned = r#"{"payload":{"b":2,"a":1},"type":"click","user_id":123,"timestamp":1640995200000}"#;
    let later = r#"{"user_id":123,"type":"click","timestamp":1640995200001,"payload":{"a":1,"b":2}}"#;
    let key = format!("{JSON}Idempotency-Key: 8e03978e\r\nX-Correlation-ID: 1\r\n");
    let again = format!("{JSON}Idempotency-Key: \"8e03978e\"\r\nX-Correlation-ID: 2\r\n");
    let (one, two) = ids((&key, body), (&again, turned)).await;
    assert_eq!(one, two);
    let (one, two) = ids((&key, body), (&again, later)).await;
    assert_ne!(one, two, "another millisecond");
    let (one, two) = ids((JSON, body), (JSON, body)).await;
    assert_ne!(one, two, "no key is two requests");
    let (one, two) = ids((&key, ""), (&again, "")).await;
    assert_eq!(one, two, "also where the event is made up");
}

#[tokio::test]
async fn eleven_logins_of_one_second_are_eleven_events() {
    let server = Server::start().await;
    let login = r#"{"user_id":7,"type":"login","payload":{"success":true}}"#;
    let list = format!("[{}]", [login; 6].join(","));
    assert_eq!(server.post("/emit", JSON, list).await.status, 202);
    for _ in 0..5 {
        assert_eq!(server.post("/emit", JSON, login).await.status, 202);
    }
    let taken = server.log.taken.lock().unwrap();
    let ids: std::collections::BTreeSet<&str> = taken.iter().map(|(event, _)| event.id.as_str()).collect();
    assert_eq!(ids.len(), 11);
}

#[tokio::test]
async fn what_is_no_key_is_refused() {
    let server = Server::start().await;
    for key in ["", "é", &"k".repeat(257)] {
        let headers = format!("{JSON}Idempotency-Key: {key}\r\n");
        let answer = server.post("/emit", &headers, "").await;
        assert_eq!(
            (answer.status, answer.problem()),
            (400, "invalid_header"),
            "{key}"
        );
    }
    assert_eq!(server.taken(), 0);
}
