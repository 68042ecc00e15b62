//! `sluicebox cards` as people type it, without any server.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const CONFIGURATION: &str = "
notifier:
  channels:
    - {name: a, kind: telegram, token: '123:s3cr3t-token', to: '-1'}
    - {name: b, kind: slack, url: 'https://hooks.slack.com/services/s3cr3t-path'}
    - {name: c, kind: pagerduty, token: s3cr3t-routing-key}
    - {name: d}
";

fn preview(folder: &Path, arguments: &[&str]) -> Output {
    let file = folder.join("sluicebox.yml");
    fs::write(&file, CONFIGURATION).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_sluicebox"));
    command
        .arg("--config")
        .arg(&file)
        .args(["cards", "preview"])
        .args(arguments);
    command.current_dir(folder).output().unwrap()
}

#[test]
fn every_channel_is_shown_without_its_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let output = preview(folder.path(), &[]);
    let shown = String::from_utf8(output.stdout).unwrap();
    for part in [
        "a (telegram): POST https://api.telegram.org\n",
        "b (slack): POST https://hooks.slack.com\n",
        r#""event_action": "trigger""#,
        r#""routing_key": "[redacted]""#,
        "d (console): standard output\nd: [HIGH] $TEST",
        "&lt; an hour old say so &amp; more",
    ] {
        assert!(shown.contains(part), "{part} not in {shown}");
    }
    assert!(output.status.success() && !shown.contains("s3cr3t"), "{shown}");
}

#[test]
fn one_channel_is_shown_of_a_file_as_json() {
    let folder = tempfile::tempdir().unwrap();
    let sample = include_str!("../../../templates/sample.json").replace("$TEST is listed", "Mine");
    fs::write(folder.path().join("signal.json"), sample).unwrap();
    let output = preview(
        folder.path(),
        &["--channel", "c", "--signal", "signal.json", "--json"],
    );
    let line: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(line["kind"], "pagerduty");
    assert!(line["title"].as_str().unwrap().starts_with("[HIGH] Mine"));
}

#[test]
fn what_cannot_be_shown_is_told() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("wrong.json"), "{}").unwrap();
    for (arguments, code, expected) in [
        (
            ["--channel", "zz"],
            2,
            "no channel is called zz; there are: a, b, c, d",
        ),
        (["--signal", "none.json"], 5, "none.json cannot be read"),
        (
            ["--signal", "wrong.json"],
            5,
            "wrong.json holds no signal as JSON: missing field",
        ),
    ] {
        let output = preview(folder.path(), &arguments);
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(told.contains(expected), "{told}");
        assert_eq!(output.status.code(), Some(code), "{told}");
    }
}
