//! `sluicebox rules`, as people run it: no server is needed for any of this.

#![expect(clippy::unwrap_used, reason = "a failing test says enough")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const RULE: &str = "groups:
  - name: g
    rules:
      - {id: large, when: \"data.amount > 1000\", score: 25, reason: a large amount}
tests:
  - {name: hit, given: {data: {amount: 5000}}, expect: {score: 25, level: medium, reasons: [a large amount]}}
  - {name: miss, given: {data: {amount: 5}}, expect: {score: 0}}
";

fn sluicebox(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_sluicebox"))
        .arg("rules")
        .args(arguments)
        .output()
        .unwrap()
}

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules")
}

fn folder_with(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("r.yml"), text).unwrap();
    folder
}

fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

fn path(folder: &tempfile::TempDir) -> String {
    folder.path().display().to_string()
}

#[test]
fn the_rules_that_ship_are_tested_tidy_and_unsuspicious() {
    for kind in ["scoring", "detections"] {
        let folder = shipped().join(kind).display().to_string();
        for arguments in [
            vec!["test", &folder],
            vec!["fmt", "--check", &folder],
            vec!["lint", "--deny", &folder],
        ] {
            let output = sluicebox(&arguments);
            assert!(output.status.success(), "{arguments:?}\n{}", said(&output));
        }
    }
}

#[test]
fn a_changed_threshold_fails_its_test_and_says_where() {
    let folder = folder_with(&RULE.replace("> 1000", "> 9000"));
    let output = sluicebox(&["test", &path(&folder)]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said(&output).contains("r.yml:6: hit") && said(&output).contains("score is 0, expected 25"),
        "{}",
        said(&output)
    );
    let junit = said(&sluicebox(&["test", &path(&folder), "--output", "junit"]));
    assert!(
        junit.contains("failures=\"1\"") && junit.contains("<failure message="),
        "{junit}"
    );
    let tap = said(&sluicebox(&["test", &path(&folder), "--output", "tap"]));
    assert!(
        tap.contains("not ok 1 - r.yml: hit") && tap.contains("ok 2 - r.yml: miss"),
        "{tap}"
    );
}

/// What the README has people do, up to the point where servers are needed.
#[test]
fn the_change_that_the_readme_shows_fails_its_tests_and_can_be_mended() {
    let readme = std::fs::read_to_string(shipped().join("../README.md")).unwrap();
    let changes: Vec<(&str, &str)> = readme
        .lines()
        .filter_map(|line| line.strip_prefix("sed -i 's/")?.split_once("/' next/tokens.yml"))
        .filter_map(|(change, _)| change.split_once('/'))
        .collect();
    let [threshold, tests] = changes.as_slice() else {
        unreachable!("the README changes a threshold and then tests: {changes:?}")
    };
    let folder = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(shipped().join("scoring")).unwrap() {
        let file = entry.unwrap();
        std::fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
    }
    let tokens = folder.path().join("tokens.yml");
    let change = |(from, to): (&str, &str)| {
        let text = std::fs::read_to_string(&tokens).unwrap();
        assert!(text.contains(from), "{from}");
        std::fs::write(&tokens, text.replace(from, to)).unwrap();
        sluicebox(&["test", &path(&folder)])
    };
    let failed = change(*threshold);
    assert_eq!(failed.status.code(), Some(1));
    assert!(
        said(&failed).contains("rules: market_volume expected and not there")
            && said(&failed).contains("2 of 40 tests failed"),
        "{}",
        said(&failed)
    );
    let mended = change(*tests);
    assert!(mended.status.success(), "{}", said(&mended));
    assert!(sluicebox(&["lint", "--deny", &path(&folder)]).status.success());
}

#[test]
fn an_event_is_explained_with_its_values() {
    let folder = folder_with(RULE);
    let event = folder.path().join("event.json");
    std::fs::write(
        &event,
        r#"{"specversion":"1.0","id":"1","source":"shop","type":"user.purchase","data":{"amount":5000}}"#,
    )
    .unwrap();
    let arguments = [
        "explain",
        event.to_str().unwrap(),
        "--rules",
        &path(&folder).clone(),
    ];
    let output = said(&sluicebox(&arguments));
    assert!(
        output.contains("data.amount = 5000") && output.contains("+25 medium"),
        "{output}"
    );
    std::fs::write(&event, "{type: user.purchase}").unwrap();
    let output = said(&sluicebox(&arguments));
    assert!(
        output.contains("data.amount not known") && output.contains("between +0 and +25"),
        "{output}"
    );
}

#[test]
fn mistakes_end_every_command_with_their_place() {
    let folder = folder_with(&RULE.replace("data.amount > 1000", "txt == 'a'"));
    for command in ["test", "lint", "bench"] {
        let output = sluicebox(&[command, &path(&folder)]);
        assert_eq!(output.status.code(), Some(1), "{command}");
        assert!(
            said(&output).contains("r.yml:4:28: unknown name `txt`; did you mean `text`?"),
            "{}",
            said(&output)
        );
    }
}

#[test]
fn suspicion_is_told_and_can_be_denied_or_allowed() {
    let folder = folder_with(
        &RULE
            .replace("reason: a large amount}", "reason: \"{{ data.currency }}\"}")
            .replace(", reasons: [a large amount]", ""),
    );
    let output = sluicebox(&["lint", &path(&folder)]);
    assert!(
        output.status.success() && said(&output).contains("[value-may-be-unknown]"),
        "{}",
        said(&output)
    );
    assert_eq!(
        sluicebox(&["lint", "--deny", &path(&folder)]).status.code(),
        Some(1)
    );
    let allowed = [
        "lint",
        "--deny",
        "--allow",
        "value-may-be-unknown",
        "--allow",
        "unreachable-level",
        &path(&folder),
    ];
    assert!(
        sluicebox(&allowed).status.success(),
        "{}",
        said(&sluicebox(&allowed))
    );
}

#[test]
fn files_are_put_into_their_form() {
    let folder = folder_with(
        "groups:\n    - name: g   \n      rules:\n         - {id: a, when: 'data.x>5', score: 1}\n",
    );
    assert_eq!(
        sluicebox(&["fmt", "--check", &path(&folder)]).status.code(),
        Some(1)
    );
    assert!(sluicebox(&["fmt", &path(&folder)]).status.success());
    let text = std::fs::read_to_string(folder.path().join("r.yml")).unwrap();
    assert_eq!(
        text,
        "groups:\n  - name: g\n    rules:\n      - {id: a, when: 'data.x > 5', score: 1}\n"
    );
    assert!(sluicebox(&["fmt", "--check", &path(&folder)]).status.success());
}

#[test]
fn the_schema_in_the_documentation_is_the_one_that_is_printed() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/rules/rules.schema.json");
    let printed = String::from_utf8(sluicebox(&["schema"]).stdout).unwrap();
    assert_eq!(
        std::fs::read_to_string(path).unwrap().trim_end(),
        printed.trim_end()
    );
}

#[test]
fn a_folder_may_hold_scores_and_detections() {
    let folder = folder_with(RULE);
    let levels = "levels: [{name: low}, {name: medium, from: 20}]\n";
    std::fs::write(folder.path().join("levels.yml"), levels).unwrap();
    std::fs::write(folder.path().join("vip.txt"), "alice\n").unwrap();
    let detections = |condition: &str| {
        format!(
            "detections:
  - {{name: vip_login, type: login, when: \"{condition}\", kind: each, severity: low, description: a login}}
tests:
  - {{name: hit, events: [{{type: login, data: {{user: alice}}}}], expect: {{vip_login: 1}}}}
"
        )
    };
    std::fs::write(folder.path().join("d.yml"), detections("data.user in vip")).unwrap();
    let folder_path = path(&folder);
    let tested = sluicebox(&["test", &folder_path]);
    assert!(
        tested.status.success() && said(&tested).contains("3 passed, 0 failed"),
        "{}",
        said(&tested)
    );
    let linted = sluicebox(&["lint", "--deny", &folder_path]);
    assert!(linted.status.success(), "{}", said(&linted));
    std::fs::write(
        folder.path().join("d.yml"),
        detections("data.user in vip and weekday == 'Monday'"),
    )
    .unwrap();
    let linted = sluicebox(&["lint", "--deny", &folder_path]);
    assert!(
        !linted.status.success()
            && said(&linted).contains("d.yml:2:5: detection `vip_login` can never be true"),
        "{}",
        said(&linted)
    );
}

#[test]
fn tests_see_events_as_the_stream_presents_them() {
    let folder = folder_with(
        "levels: [{name: low}]
groups:
  - name: g
    rules:
      - {id: tag, when: \"'UNI' in cashtags\", score: 1, reason: r}
      - {id: clean, when: \"text == 'a & b $UNI'\", score: 10, reason: r}
      - {id: nested, when: \"data.geo.country == 'DE'\", score: 100, reason: r}
      - {id: said, when: \"data.text.contains('UNI')\", score: 1000, reason: r}
tests:
  - name: what the normalizer reads
    given: {type: post, text: 'a &amp; b $UNI', data: {geo: {country: DE, cities: [Bonn]}}}
    expect: {score: 1111, unknown: []}
",
    );
    let tested = sluicebox(&["test", &path(&folder)]);
    assert!(tested.status.success(), "{}", said(&tested));

    let twice = RULE.replace("data: {amount: 5000}", "data: {amount: 5000, a: {b: 1}, a.b: 2}");
    let tested = sluicebox(&["test", &path(&folder_with(&twice))]);
    assert!(
        !tested.status.success() && said(&tested).contains("two values for `a.b`"),
        "{}",
        said(&tested)
    );

    let list = RULE.replace("data.amount > 1000", "'admin' in data.roles");
    let tested = sluicebox(&["test", &path(&folder_with(&list))]);
    assert!(
        !tested.status.success() && said(&tested).contains("lists in data are not kept"),
        "{}",
        said(&tested)
    );
}

#[test]
fn tests_of_detections_know_whose_events_they_are() {
    let file = |users: [&str; 2]| {
        let event = |user: &str| format!("{{type: login, data: {{user_id: {user}, ok: false}}}}");
        format!(
            "detections:
  - {{name: two, types: [login], when: 'data.ok == false', kind: count, at_least: 2, window: 1m, severity: low, description: d}}
tests:
  - {{name: it, events: [{}, {}], expect: {{two: 1}}}}
",
            event(users[0]),
            event(users[1])
        )
    };
    let tested = sluicebox(&["test", &path(&folder_with(&file(["u1", "u1"])))]);
    assert!(tested.status.success(), "{}", said(&tested));
    let tested = sluicebox(&["test", &path(&folder_with(&file(["u1", "u2"])))]);
    assert!(
        !tested.status.success(),
        "two users are two subjects: {}",
        said(&tested)
    );
}
