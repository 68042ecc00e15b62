//! The dashboards: drawn from the table of instruments, and such that a person finds an answer in each panel.

use crate::tools::is_whole;
use deploy::series_in;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::process::Command;
use testkit::repository;

fn dashboards() -> Vec<(String, Value)> {
    let folder = repository().join("deploy/grafana/dashboards");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut read: Vec<(String, Value)> = files
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            (
                path.file_stem().unwrap().display().to_string(),
                serde_json::from_str(&text).unwrap(),
            )
        })
        .collect();
    read.sort_by(|one, other| one.0.cmp(&other.0));
    assert!(read.len() >= 4, "no dashboards");
    read
}

fn panels(dashboard: &Value) -> Vec<&Value> {
    let all = dashboard["panels"].as_array().unwrap().iter();
    all.filter(|panel| panel["type"] != "row").collect()
}

fn queries(panel: &Value) -> Vec<&str> {
    let targets = panel["targets"].as_array().unwrap().iter();
    targets.map(|target| target["expr"].as_str().unwrap()).collect()
}

#[test]
fn they_ask_for_what_is_measured() {
    let known: BTreeSet<String> = telemetry::INSTRUMENTS
        .iter()
        .flat_map(telemetry::Instrument::series)
        .collect();
    for (name, dashboard) in dashboards() {
        for panel in panels(&dashboard) {
            for query in queries(panel) {
                let asked = series_in(query);
                assert!(
                    !asked.is_empty() && asked.is_subset(&known),
                    "{name}, {}: {query}",
                    panel["title"]
                );
            }
        }
    }
}

#[test]
fn each_panel_is_a_question_with_a_unit_and_no_interval_or_source_of_its_own() {
    for (name, dashboard) in dashboards() {
        assert_eq!(dashboard["uid"], name.as_str());
        assert!(!dashboard["description"].as_str().unwrap().is_empty(), "{name}");
        let mut titles = BTreeSet::new();
        for panel in panels(&dashboard) {
            let title = panel["title"].as_str().unwrap();
            assert!(title.ends_with('?') && titles.insert(title), "{name}: {title}");
            assert!(
                panel["fieldConfig"]["defaults"]["unit"].is_string(),
                "{name}: {title} has no unit"
            );
            assert!(
                !panel["description"].as_str().unwrap().is_empty(),
                "{name}: {title}"
            );
            assert_eq!(panel["datasource"]["uid"], "${datasource}", "{name}: {title}");
            for query in queries(panel) {
                assert!(query.contains("namespace=~\"$namespace\""), "{name}: {query}");
                let rates = query.matches("rate(").count();
                assert_eq!(
                    query.matches("[$__rate_interval]").count(),
                    rates,
                    "{name}: {query}"
                );
                assert!(
                    !query.contains("sum(sluicebox_lag"),
                    "{name}: lags of replicas are added up: {query}"
                );
            }
        }
    }
}

/// The table as the program that draws them reads it.
#[test]
fn the_table_that_they_are_drawn_from_is_the_one_in_the_code() {
    let file = fs::read_to_string(repository().join("deploy/grafana/instruments.json")).unwrap();
    let file: Vec<Value> = serde_json::from_str(&file).unwrap();
    let rows = telemetry::INSTRUMENTS.iter().map(|row| {
        let mut value = serde_json::to_value(row).unwrap();
        value["family"] = row.family().into();
        value["series"] = row.series().into();
        value
    });
    assert_eq!(file, rows.collect::<Vec<_>>(), "run `just dashboards`");
}

#[test]
fn they_are_as_they_are_drawn() {
    if !is_whole() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut go = Command::new(repository().join("deploy/local/tool"));
    go.args(["go", "run", "."]).arg(folder.path());
    let output = go
        .current_dir(repository().join("deploy/grafana"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    for (name, dashboard) in dashboards() {
        let drawn = fs::read_to_string(folder.path().join(format!("{name}.json"))).unwrap();
        let drawn: Value = serde_json::from_str(&drawn).unwrap();
        assert_eq!(drawn, dashboard, "run `just dashboards`");
    }
}
