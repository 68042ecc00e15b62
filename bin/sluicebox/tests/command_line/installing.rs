//! What an installation asks of the program: to wait for what is made beside it, to say why it halted, to prove that it works.

use crate::listening::{get, start};
use crate::{Shell, until};

#[tokio::test(flavor = "multi_thread")]
async fn a_service_waits_for_its_topics_schemas_and_tables() {
    let shell = Shell::new("wait").await;
    let missing = |service: &str| {
        let (code, said) = shell.fails(&["wait", service, "--timeout", "1s"]);
        assert_eq!(code, 4, "{said}");
        said
    };
    assert!(missing("normalizer").contains("sluicebox topics apply"));
    shell.done(&["topics", "apply"]);
    let said = missing("normalizer");
    assert!(said.contains("schemas register"), "{said}");
    shell.done(&["schemas", "register"]);
    shell.done(&["wait", "normalizer", "adapters"]);
    assert!(missing("sink").contains("sluicebox migrate up"));
    shell.done(&["migrate", "up"]);
    assert_eq!(shell.done(&["wait", "all"]).trim(), "everything is there");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_halted_stays_up_and_says_why() {
    let shell = Shell::new("stay up").await;
    let process = start(&shell, &["normalizer", "--stay-up"], &[]);
    until("the reason in health", || {
        let (status, told) = get(process.ops, "/readyz");
        status == 503 && told.contains("\"failed\"") && told.contains("sluicebox topics apply")
    });
    assert_eq!(get(process.ops, "/livez").0, 200);
    let metrics = get(process.ops, "/metrics").1;
    assert!(
        metrics.contains("sluicebox_parts{state=\"failed\"} 1")
            && metrics.contains("sluicebox_build_info{version=\"0"),
        "{metrics}"
    );
    process.running.terminate();
    let (code, said) = process.running.ended();
    assert_eq!(code, Some(4), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_event_goes_through_the_whole_stream() {
    let shell = Shell::with_topics("smoke").await;
    shell.done(&["migrate", "up"]);
    let repository = testkit::repository();
    let rules = |folder: &str| repository.join("rules").join(folder).display().to_string();
    let (scoring, detections) = (rules("scoring"), rules("detections"));
    let process = start(
        &shell,
        &["all"],
        &[
            ("SLUICEBOX__SCORER__RULES", &scoring),
            ("SLUICEBOX__ENRICHER__RULES", &scoring),
            ("SLUICEBOX__DETECTOR__RULES", &detections),
        ],
    );
    until("readiness", || get(process.ops, "/readyz").0 == 200);
    let said = shell.done(&["smoke"]);
    assert!(said.contains("notified") && said.contains("conserves"), "{said}");
    let event = shell.file("event.json", br#"{"source":"s","type":"t","data":{"a":1}}"#);
    shell.done(&["smoke", "--event", &event, "--rows-only"]);
    let (code, said) = shell.fails(&["smoke", "--event", &event, "--timeout", "2s"]);
    assert!(code == 1 && said.contains("there is no notification"), "{said}");
    explained(&shell);
    let listed = get(process.api, "/v1/detections?limit=1").1;
    let found = listed.split("\"id\":\"").nth(1).unwrap();
    let detection = found.split('"').next().unwrap();
    let said = shell.done(&["detect", "explain", detection]);
    assert!(
        said.contains("rule       high_value_purchase") && said.contains("events that it names"),
        "{said}"
    );
    assert_eq!(shell.fails(&["detect", "explain", "none"]).0, 1);
    process.running.stop();
}

/// Two headlines about one thing: each says what it belongs to and why, and so does their signal.
fn explained(shell: &Shell) {
    let headline = |title: &str| {
        let event = serde_json::json!({
            "source": "feed", "type": "news", "subject": "place:chile", "data": {"title": title, "text": "People ran outside."}
        });
        let event = shell.file("headline.json", event.to_string().as_bytes());
        let said = shell.done(&["smoke", "--event", &event, "--rows-only"]);
        let mut words = said.split_whitespace().skip(1);
        words.next().unwrap().to_owned()
    };
    let first = headline("Strong earthquake shakes northern Chile, people evacuated");
    let second = headline("Earthquake shakes northern Chile: people evacuated from houses");
    let why = |id: &str| shell.run(&["signals", "why", id, "--json"]);
    let of = |id: &str, member: &str| {
        let told: serde_json::Value = serde_json::from_slice(&why(id).stdout).unwrap();
        told["event"][member].as_str().unwrap().to_owned()
    };
    until("both texts in one story", || {
        let there = [&first, &second].iter().all(|id| why(id).status.success());
        there && of(&first, "story_key") == of(&second, "story_key")
    });
    assert!(shell.done(&["signals", "why", &second]).contains("topic     "));
    let told: serde_json::Value = serde_json::from_slice(&why(&first).stdout).unwrap();
    let signal = told["signals"][0]["signal_key"].as_str().unwrap();
    let said = shell.done(&["signals", "explain", signal]);
    assert!(
        said.contains("news_disaster")
            && said.contains("evidence, the best first")
            && said.contains("story_opened"),
        "{said}"
    );
    assert_eq!(shell.fails(&["signals", "explain", "none"]).0, 1);
    assert_eq!(shell.fails(&["signals", "why", "none"]).0, 1);
}
