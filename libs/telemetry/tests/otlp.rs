//! Telemetry of a whole process: spans reach a collector, also on one core, and the last of them when it stops.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::mpsc::channel;

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use settings::TelemetrySettings;
use telemetry::{TelemetryError, init};

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// The collector has a thread and a runtime of its own, so that nothing but the network joins it with the process.
fn collector() -> (String, std::sync::mpsc::Receiver<Bytes>) {
    let (sender, bodies) = channel();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async move {
            let take = move |body: Bytes| async move { drop(sender.send(body)) };
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, Router::new().route("/v1/traces", post(take))).await
        })
    });
    (endpoint, bodies)
}

#[tokio::test(flavor = "current_thread")]
async fn spans_reach_the_collector_when_the_process_stops() {
    let (endpoint, bodies) = collector();
    let settings = TelemetrySettings {
        otlp_endpoint: Some(endpoint),
        ..TelemetrySettings::default()
    };
    let bad = TelemetrySettings {
        log_level: "info,=what".to_owned(),
        ..TelemetrySettings::default()
    };
    assert!(matches!(init(&bad, "demo"), Err(TelemetryError::LogLevel { .. })));

    let guard = init(&settings, "demo-service").unwrap();
    assert!(matches!(
        init(&TelemetrySettings::default(), "again"),
        Err(TelemetryError::Twice)
    ));
    tracing::info_span!("one_batch", records = 3).in_scope(|| tracing::info!("inside"));
    drop(guard);
    let body = bodies.recv_timeout(std::time::Duration::from_secs(20)).unwrap();
    for text in ["demo-service", "service.namespace", "one_batch", "records"] {
        assert!(contains(&body, text), "{text} is not in the request");
    }
}
