//! The alerts, as the chart renders them: each fires when it should and not otherwise, asks for figures that exist, and leads
//! to what an operator does then.

use crate::tools::{chart, documents, done, rendered};
use deploy::series_in;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use testkit::repository;

fn rules() -> Value {
    let all = documents(&rendered(
        "helm3",
        &chart().join("ci/production-values.yaml"),
        &[],
    ));
    let mut rules = all
        .into_iter()
        .filter(|document| document["kind"] == "PrometheusRule");
    rules.next().unwrap()["spec"].clone()
}

fn alerts(rules: &Value) -> Vec<Value> {
    let groups = rules["groups"].as_array().unwrap();
    let rules = groups.iter().flat_map(|group| group["rules"].as_array().unwrap());
    rules.cloned().collect()
}

#[test]
fn each_fires_when_it_should_and_not_otherwise() {
    let folder = tempfile::tempdir().unwrap();
    let (rules_file, test_file) = (folder.path().join("rules.yml"), folder.path().join("test.yml"));
    let rules = rules();
    fs::write(&rules_file, serde_yaml_ng::to_string(&rules).unwrap()).unwrap();
    let tests = fs::read_to_string(repository().join("deploy/alerts/tests/sluicebox.test.yml")).unwrap();
    fs::write(&test_file, &tests).unwrap();
    done(
        "promtool",
        &["check", "rules", "--lint=all", rules_file.to_str().unwrap()],
    );
    done("promtool", &["test", "rules", test_file.to_str().unwrap()]);
    for alert in alerts(&rules) {
        let name = alert["alert"].as_str().unwrap();
        assert!(tests.contains(&format!("\"{name}\"")), "{name} has no test");
    }
}

#[test]
fn each_asks_for_what_is_measured() {
    let known: BTreeSet<String> = telemetry::INSTRUMENTS
        .iter()
        .flat_map(telemetry::Instrument::series)
        .collect();
    for alert in alerts(&rules()) {
        let asked = series_in(alert["expr"].as_str().unwrap());
        assert!(!asked.is_empty(), "{alert}");
        for name in asked {
            assert!(known.contains(&name), "{}: there is no {name}", alert["alert"]);
        }
    }
}

#[test]
fn each_leads_to_what_is_to_be_done() {
    let handbook = fs::read_to_string(repository().join("docs/OPERATING.md")).unwrap();
    for alert in alerts(&rules()) {
        let name = alert["alert"].as_str().unwrap();
        let annotations = &alert["annotations"];
        assert!(
            annotations["summary"].is_string() && annotations["description"].is_string(),
            "{name}"
        );
        let anchor = format!("/docs/OPERATING.md#{}", name.to_lowercase());
        assert!(
            annotations["runbook_url"].as_str().unwrap().ends_with(&anchor),
            "{name}"
        );
        assert!(
            handbook.contains(&format!("### {name}\n")),
            "docs/OPERATING.md says nothing of {name}"
        );
    }
}
