//! What hostile clients send over HTTP and the day does not hold: a body of 100 MB, odd strings, the JSON suite.

use crate::installation::{Installation, PATIENCE, client};
use reqwest::Response;
use scenario::day::Day;
use std::path::PathBuf;

const STRUCTURED: &str = "application/cloudevents+json";

async fn post(installation: &Installation, body: Vec<u8>) -> Result<Response, reqwest::Error> {
    let url = format!("{}/v1/events", installation.edge());
    let request = client().post(url).header("content-type", STRUCTURED);
    request
        .header("x-api-key", Installation::key())
        .body(body)
        .send()
        .await
}

/// 202, or a 4xx that says why.
async fn is_answered(installation: &Installation, what: &str, body: Vec<u8>) {
    let answer = post(installation, body)
        .await
        .unwrap_or_else(|error| panic!("{what}: {error}"));
    let status = answer.status();
    if status.as_u16() != 202 {
        assert!(status.is_client_error(), "{what}: {status}");
        assert_eq!(
            answer.headers()["content-type"],
            "application/problem+json",
            "{what}"
        );
    }
}

/// The suites beside the repository, where there are any.
fn suites() -> Option<PathBuf> {
    let given = std::env::var_os("SLUICEBOX_SHARED_DATA").map(PathBuf::from);
    let folder = given
        .unwrap_or_else(|| testkit::repository().join("../shared/data"))
        .join("suites");
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: no suites at {}", folder.display());
    None
}

fn with_data(data: &[u8]) -> Vec<u8> {
    [
        br#"{"specversion":"1.0","source":"hostile","type":"t","subject":"s","data":"#,
        data,
        b"}",
    ]
    .concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_answered_and_the_stream_goes_on() {
    let day = Day::new(1, 100);
    let mut installation = Installation::new("hostile_clients", &day).await;
    installation.start("all");
    installation.ready().await;
    // The answer may come before all of the body is sent, and then the connection may be gone: both are refusals.
    if let Ok(answer) = post(&installation, vec![b' '; 100_000_000]).await {
        assert_eq!(answer.status().as_u16(), 413);
    }
    if let Some(suites) = suites() {
        json_suite(&installation, &suites).await;
        naughty_strings(&installation, &suites).await;
    }
    is_answered(
        &installation,
        "a good event",
        with_data(br#"{"text":"still here"}"#),
    )
    .await;
    let timeout = format!("{}s", PATIENCE.as_secs());
    let flow = installation.flow(&["--wait", "--timeout", &timeout]);
    assert_eq!(
        (flow["conserves"].as_bool(), flow["drained"].as_bool()),
        (Some(true), Some(true)),
        "{flow}"
    );
    assert!(installation.read("normalizer") >= 1);
    installation.stop();
}

async fn json_suite(installation: &Installation, suites: &std::path::Path) {
    let mut folders = vec![suites.join("json")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "json") {
                let bytes = std::fs::read(&path).expect("the suite can be read");
                is_answered(installation, &path.display().to_string(), bytes.clone()).await;
                is_answered(installation, &path.display().to_string(), with_data(&bytes)).await;
            }
        }
    }
}

async fn naughty_strings(installation: &Installation, suites: &std::path::Path) {
    let path = suites.join("blns/blns.json");
    let text = std::fs::read(&path).unwrap_or_else(|_| b"[]".to_vec());
    let strings: Vec<String> = serde_json::from_slice(&text).expect("the list is JSON");
    for string in strings {
        let data = serde_json::json!({"text": string, "author": string, "title": string}).to_string();
        is_answered(installation, &string, with_data(data.as_bytes())).await;
        let subject = serde_json::json!({
            "specversion": "1.0", "source": "hostile", "type": "t", "subject": string, "data": {"text": "x"}
        });
        is_answered(installation, &string, subject.to_string().into_bytes()).await;
    }
}
