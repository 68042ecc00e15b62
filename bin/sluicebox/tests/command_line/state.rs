//! What stages remember, and how far they are behind.

use super::{Running, Shell, until};
use serde_json::Value;

#[tokio::test(flavor = "multi_thread")]
async fn what_a_stage_remembers_can_be_seen() {
    let shell = Shell::with_topics("state").await;
    shell.done(&["events", "generate", "--count", "50", "--kinds", "login"]);
    let stages = Running::start(&shell, &["run", "normalizer", "detector"]);
    let export = || -> Vec<Value> {
        let printed = shell.done(&["state", "export", "detector", "seen"]);
        let lines = printed.lines();
        lines.map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    until("the detector to know 50 events", || export().len() == 50);
    stages.stop();

    let entry = &export()[0];
    let key = entry["key"].as_str().unwrap();
    assert!(
        key.starts_with("0x") && entry["value"]["until"].is_number(),
        "{entry}"
    );
    let shown: Value =
        serde_json::from_str(&shell.done(&["state", "show", "detector", "seen", key, "--json"])).unwrap();
    assert_eq!(&shown, entry);
    let table = shell.done(&["state", "show", "detector", "seen", key]);
    assert!(table.contains("partition") && table.contains("until"), "{table}");

    let file = shell.file("seen.jsonl", b"");
    shell.done(&["state", "export", "detector", "seen", "--out", &file]);
    assert_eq!(std::fs::read_to_string(file).unwrap().lines().count(), 50);

    let (code, said) = shell.fails(&["state", "show", "detector", "seen", "nobody"]);
    assert!(code == 1 && said.contains("keys look like 0x"), "{said}");
    let (code, said) = shell.fails(&["state", "show", "detector", "sen", "x"]);
    assert!(code == 2 && said.contains("did you mean seen?"), "{said}");
    let (code, said) = shell.fails(&["state", "show", "detecter", "seen", "x"]);
    assert!(code == 2 && said.contains("detector"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn lag_is_measured_while_a_stage_runs_and_is_0_when_nothing_is_left() {
    let shell = Shell::with_topics("lag").await;
    shell.done(&["migrate", "up"]);
    shell.done(&["events", "generate", "--count", "200"]);
    let [port] = testkit::free_ports().unwrap();
    let listen = format!("127.0.0.1:{port}");
    let report: Value = serde_json::from_str(&shell.done(&["flow", "--json"])).unwrap();
    let normalizer = &report["stages"][1];
    assert!(
        normalizer["lag"].as_i64() >= Some(200) && normalizer["lag_seconds"].as_f64() > Some(0.0),
        "{normalizer}"
    );

    let stage = Running::start_with(
        &shell,
        &["run", "normalizer"],
        &[("SLUICEBOX__OPS__LISTEN", &listen)],
    );
    let (records, seconds) = (
        "sluicebox_lag_records{service=\"normalizer\",topic=\"ingest.events\"} 0\n",
        "sluicebox_lag_seconds{service=\"normalizer\",topic=\"ingest.events\"} 0.0\n",
    );
    let client = reqwest::Client::new();
    let url = format!("http://{listen}/metrics");
    let mut waited = 0;
    loop {
        let text = match client.get(&url).send().await {
            Ok(answer) => answer.text().await.unwrap(),
            Err(_) => String::new(),
        };
        if text.contains(records) && text.contains(seconds) {
            break;
        }
        waited += 1;
        assert!(waited < 300, "{text}");
        tokio::time::sleep(super::LOOK_AGAIN).await;
    }
    stage.stop();
    let report: Value = serde_json::from_str(&shell.done(&["flow", "--json"])).unwrap();
    assert_eq!(report["stages"][1]["lag"], 0);
}
