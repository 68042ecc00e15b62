//! What a source once said of a signal is known after the process was killed and while the source is away.

use crate::installation::Installation;
use axum::Router;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use testkit::Sandbox;
use tokio::net::TcpListener;

const RULES: &str = "
groups:
  - name: listings
    rules:
      - {id: listed, when: type == 'listing', score: 60, reason: a new listing}
      - {id: trap, when: market.honeypot == true, verdict: downgrade, reason: cannot be sold}
";

/// A source that knows of one trap, as long as it is there.
async fn source(there: Arc<AtomicBool>) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
    let address = listener.local_addr().expect("a bound socket has an address");
    let answer = move || async move {
        if there.load(Ordering::Relaxed) {
            r#"{"honeypot": true}"#.into_response()
        } else {
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    };
    let router = Router::new().route("/0xtrap", get(answer));
    tokio::spawn(async { axum::serve(listener, router).await });
    format!("http://{address}/{{address}}")
}

fn configuration(folder: &Path, url: &str) -> String {
    std::fs::write(folder.join("rules.yml"), RULES).expect("the folder can be written");
    let rules = folder.join("rules.yml");
    format!(
        "adapters: {{api_keys: [{key}]}}\n\
         telemetry: {{log_level: warn}}\n\
         enricher: {{rules: {rules}, http: {{url: '{url}', allow_private: true}}}}\n",
        key = Installation::key(),
        rules = rules.display(),
    )
}

fn listing(id: &str) -> serde_json::Value {
    serde_json::json!({
        "specversion": "1.0", "id": id, "source": "/exchange", "type": "listing",
        "subject": "token:eth:0xtrap", "data": {"n": 1}
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_stays_downgraded_though_its_process_was_killed_and_the_source_is_away() {
    let there = Arc::new(AtomicBool::new(true));
    let url = source(Arc::clone(&there)).await;
    let sandbox = Sandbox::new("known").await.expect("the servers for tests run");
    let mut installation = Installation::configured(sandbox, |folder, _| configuration(folder, &url)).await;
    let rules = installation.file("rules.yml");
    installation.start_with("all", &[("SLUICEBOX__SCORER__RULES", &rules)]);
    installation.ready().await;
    installation.post(&listing("1")).await;
    installation.drain();
    let states = "SELECT concat_ws(' ', version, state, facts->>'market.honeypot') FROM signals";
    assert_eq!(installation.texts(states).await, ["1 downgraded true"]);

    there.store(false, Ordering::Relaxed);
    installation.kill_and_restart("all");
    installation.ready().await;
    installation.post(&listing("2")).await;
    installation.drain();
    assert_eq!(installation.texts(states).await, ["2 downgraded true"]);
    let told = "SELECT concat_ws(' ', unknown, facts->>'market.age_s') FROM signals";
    let told = installation.texts(told).await.concat();
    assert!(told.starts_with(r#"["market: http_5xx"] "#), "{told}");
    installation.stop();
}
