//! When the answer is 202, when 503, and what stays true between the two.

use serde_json::json;

use crate::server::{KEY, Server, exchange};

const BATCH: &str = "Content-Type: application/cloudevents-batch+json\r\n";

#[tokio::test]
async fn each_item_of_a_batch_has_its_own_outcome() {
    let server = Server::start().await;
    let body = r#"[{"source":"s","type":"t","id":"1"},{"type":"t"},{"source":"s","type":"too_large"},7]"#;
    let answer = server.post("/v1/events", BATCH, body).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    assert_eq!(answer.json["accepted"], json!([{"index": 0, "id": "1"}]));
    let rejected = answer.json["rejected"].as_array().unwrap();
    let statuses: Vec<_> = rejected
        .iter()
        .map(|item| (&item["index"], &item["problem"]["status"]))
        .collect();
    assert_eq!(
        statuses,
        [
            (&json!(1), &json!(422)),
            (&json!(2), &json!(413)),
            (&json!(3), &json!(400))
        ]
    );
    let total: u64 = server.counts.snapshot().values().sum();
    assert_eq!(total, 4, "{:?}", server.counts.snapshot());
}

#[tokio::test]
async fn a_batch_without_one_good_item_is_a_problem() {
    let server = Server::start().await;
    let answer = server
        .post("/v1/events", BATCH, r#"[{"type":"t"},{"source":"s"}]"#)
        .await;
    assert_eq!((answer.status, answer.problem()), (422, "nothing_accepted"));
    assert_eq!(answer.json["rejected"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn what_was_not_acknowledged_is_asked_for_again() {
    let server = Server::start().await;
    let one = server
        .post("/v1/events", "", r#"{"source":"s","type":"unavailable"}"#)
        .await;
    assert_eq!(
        (one.status, one.problem(), one.header("retry-after")),
        (503, "unavailable", Some("3"))
    );
    let key = one.header("idempotency-key").unwrap();
    assert!(
        !key.is_empty(),
        "under which it is recognised when it is sent again"
    );
    let headers = format!("Idempotency-Key: {key}\r\n");
    let again = server
        .post("/v1/events", &headers, r#"{"source":"s","type":"unavailable"}"#)
        .await;
    assert_eq!(again.header("idempotency-key"), Some(key));
    let body = r#"[{"source":"s","type":"unavailable"},{"source":"s","type":"t","id":"2"}]"#;
    let many = server.post("/v1/events", BATCH, body).await;
    assert_eq!(
        (many.status, many.problem(), many.header("retry-after")),
        (503, "unavailable", Some("3"))
    );
    assert_eq!(many.json["accepted"], json!([{"index": 1, "id": "2"}]));
    assert_eq!(many.json["rejected"][0]["index"], 0);
}

#[tokio::test]
async fn the_trace_goes_with_the_event_and_comes_back() {
    let server = Server::start().await;
    let given = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let headers = format!("traceparent: {given}\r\n");
    let answer = server
        .post("/v1/events", &headers, r#"{"source":"s","type":"t"}"#)
        .await;
    assert_eq!(
        (answer.header("traceparent"), server.only().1.as_str()),
        (Some(given), given)
    );
    let made = server
        .post(
            "/v1/events",
            "traceparent: 00-0-0-0\r\n",
            r#"{"source":"s","type":"t"}"#,
        )
        .await;
    let (_, trace) = server.only();
    assert_eq!(made.header("traceparent"), Some(trace.as_str()));
    assert!(telemetry::TraceContext::parse(&trace).is_some(), "{trace}");
}

#[tokio::test]
async fn a_stop_finishes_what_is_in_work() {
    let mut server = Server::start().await;
    let body = r#"{"source":"s","type":"held"}"#;
    let head = format!(
        "POST /v1/events HTTP/1.1\r\nX-API-Key: {KEY}\r\nHost: l\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let address = server.address;
    let request = tokio::spawn(async move { exchange(address, format!("{head}{body}").as_bytes()).await });
    server.log.arrived.notified().await;
    server.stop.take().unwrap().send(()).unwrap();
    server.log.released.notify_one();
    assert_eq!(request.await.unwrap().status, 202);
    let done = tokio::time::timeout(std::time::Duration::from_secs(20), server.done);
    assert_eq!(done.await.unwrap().unwrap(), listen::Drained::All);
    assert_eq!(server.log.taken.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn one_refusal_is_counted_once() {
    for (headers, body, outcome) in [
        ("", &br#"{"type":"t"}"#[..], "rejected"),
        ("", b"{", "rejected"),
        ("", b"\xff", "rejected"),
        (BATCH, br#"[{"type":"t"}]"#, "rejected"),
        ("", br#"{"source":"s","type":"too_large"}"#, "rejected"),
        ("", br#"{"source":"s","type":"unavailable"}"#, "rejected"),
        ("Content-Encoding: br\r\n", b"{}", "refused"),
    ] {
        let server = Server::start().await;
        let answer = server.post("/v1/events", headers, body).await;
        assert!(answer.status >= 400, "{answer:?}");
        let counts = server.counts.snapshot();
        let counted: Vec<_> = counts
            .iter()
            .map(|((_, outcome, _), count)| (*outcome, *count))
            .collect();
        assert_eq!(counted, [(outcome, 1)], "{counts:?}");
    }
}
