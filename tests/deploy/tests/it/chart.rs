//! The chart: every example is rendered, kept to the schemas of Kubernetes, and its settings are read by the program.

use crate::tools::{KUBERNETES, chart, documents, done, examples, is_whole, rendered, run};
use serde_json::Value;
use settings::Settings;
use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use testkit::repository;
use topology::StageName;

fn helms() -> &'static [&'static str] {
    if is_whole() {
        &["helm3", "helm4"]
    } else {
        &["helm3"]
    }
}

#[test]
fn every_example_passes_the_lint_and_the_schemas_of_kubernetes() {
    let chart = chart();
    let schemas = repository().join("tests/deploy/kubernetes");
    let schemas = format!(
        "{}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json",
        schemas.display()
    );
    let folder = tempfile::tempdir().unwrap();
    for helm in helms() {
        for values in examples() {
            let values_path = values.to_str().unwrap();
            done(
                helm,
                &[
                    "lint",
                    "--strict",
                    chart.to_str().unwrap(),
                    "--values",
                    values_path,
                ],
            );
            let file = folder
                .path()
                .join(format!("{helm}-{}", values.file_name().unwrap().display()));
            fs::write(&file, rendered(helm, &values, &[])).unwrap();
            fs::write(
                file.with_extension("upgrade.yaml"),
                rendered(helm, &values, &["--is-upgrade"]),
            )
            .unwrap();
        }
    }
    let folder = folder.path().to_str().unwrap();
    let checked = done(
        "kubeconform",
        &["-strict", "-summary", "-schema-location", &schemas, folder],
    );
    assert!(checked.contains("Invalid: 0, Errors: 0, Skipped: 0"), "{checked}");
}

/// By the code that the API server decides with.
#[test]
fn every_pod_passes_the_pod_security_level_restricted() {
    if !is_whole() {
        return;
    }
    let folder = repository().join("tests/deploy/pod-security");
    for values in examples() {
        let mut go = Command::new(repository().join("deploy/local/tool"));
        go.args(["go", "run", "."]).current_dir(&folder);
        let mut checking = go.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let rendered = rendered("helm3", &values, &[]);
        checking
            .stdin
            .take()
            .unwrap()
            .write_all(rendered.as_bytes())
            .unwrap();
        let output = checking.wait_with_output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success() && told.contains(" 0 refused"),
            "{}: {told}",
            values.display()
        );
    }
}

#[test]
fn its_own_tests_pass() {
    done("helm-unittest", &["--strict", chart().to_str().unwrap()]);
}

/// The settings of an example, with files where it names secrets.
fn settings_file(values: &Path, folder: &Path) -> PathBuf {
    let all = documents(&rendered("helm3", values, &[]));
    let is_settings =
        |document: &&Value| document["kind"] == "ConfigMap" && document["data"]["sluicebox.yaml"].is_string();
    let settings = all.iter().find(is_settings).unwrap();
    let secrets = folder.join("secrets");
    let text = settings["data"]["sluicebox.yaml"].as_str().unwrap();
    let text = text.replace("/etc/sluicebox/secrets", secrets.to_str().unwrap());
    for word in text
        .split_whitespace()
        .filter(|word| word.starts_with(secrets.to_str().unwrap()))
    {
        let path = Path::new(word);
        let secret = match path.file_name().unwrap().to_str().unwrap() {
            "url" if word.contains("/postgres/") => "postgres://u:p@h:5432/d",
            "uri" => "postgres://u:p@h:5432/d",
            "url" => "https://receiver.example.com/hook",
            "signing" => "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            _ => "sixteen-letters-or-more",
        };
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, secret).unwrap();
    }
    let file = folder.join("sluicebox.yaml");
    fs::write(&file, text).unwrap();
    file
}

#[test]
fn the_program_takes_the_settings_of_every_example() {
    for values in examples() {
        let folder = tempfile::tempdir().unwrap();
        let file = settings_file(&values, folder.path());
        let settings = Settings::load(Some(&file), []);
        let settings = settings.unwrap_or_else(|error| panic!("{}: {error}", values.display()));
        assert!(settings.ops.listen.ip().is_unspecified());
    }
}

/// The annotation that replaces the pods of the scorer when it changes.
fn read_at_start(set: &str) -> Value {
    let (chart, minimal) = (chart(), chart().join("ci/minimal-values.yaml"));
    let (chart, minimal) = (chart.to_str().unwrap(), minimal.to_str().unwrap());
    let text = done(
        "helm3",
        &[
            "template",
            chart,
            KUBERNETES,
            "--values",
            minimal,
            "--set-json",
            set,
        ],
    );
    let all = documents(&text);
    let scorer = all.iter().find(|document| {
        document["kind"] == "StatefulSet"
            && document["metadata"]["name"]
                .as_str()
                .unwrap()
                .ends_with("-scorer")
    });
    scorer.unwrap()["spec"]["template"]["metadata"]["annotations"]["sluicebox/settings-read-at-start"].clone()
}

#[test]
fn pods_are_replaced_by_settings_that_are_read_at_the_start_and_by_no_others() {
    let before = read_at_start("topicPrefix=\"\"");
    for followed in [
        "access.keysSecret=\"other\"",
        "postgres.existingSecret=\"other\"",
        "rules.scoring.files={\"a.yml\":\"groups: []\"}",
        "config.notifier={\"channels\":[{\"name\":\"a\"}]}",
    ] {
        let after = read_at_start(followed);
        // The first rules of one's own are another folder.
        assert_eq!(after == before, !followed.starts_with("rules"), "{followed}");
    }
    let rules = read_at_start("rules.scoring.files={\"a.yml\":\"groups: []\"}");
    assert_eq!(
        read_at_start("rules.scoring.files={\"a.yml\":\"groups: [] # other\"}"),
        rules
    );
    assert_ne!(read_at_start("config.dedup={\"exact_window\":\"7d\"}"), before);
    assert_ne!(read_at_start("kafka.sessionTimeoutMs=20000"), before);
}

#[test]
fn values_that_do_not_fit_are_refused_by_the_schema() {
    let minimal = chart().join("ci/minimal-values.yaml");
    for (set, told) in [
        ("services.scorer.replicas=-1", "minimum"),
        ("services.scorer.lanes=0", "minimum"),
        ("services.scorer.replicaz=2", "replicaz"),
        ("kafka.brokers=kafka", "pattern"),
        ("kafka.sasl.mechanism=GSSAPI", "must be one of"),
        ("image.digest=latest", "pattern"),
        ("setup.waitTimeout=soon", "pattern"),
        ("unknown=1", "unknown"),
        ("services.scorer.pdb.maxUnavailable=some", "maxUnavailable"),
        ("access.auth=maybe", "must be one of"),
    ] {
        let chart = chart();
        let output = run(
            "helm3",
            &[
                "template",
                chart.to_str().unwrap(),
                KUBERNETES,
                "--values",
                minimal.to_str().unwrap(),
                "--set",
                set,
            ],
        );
        let wrong = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{set} is taken");
        assert!(
            wrong.contains("don't meet the specifications of the schema") && wrong.contains(told),
            "{set}: {wrong}"
        );
    }
}

/// Paths of a tree, as the schema has to know them.
fn paths(value: &Value, at: &str, into: &mut BTreeSet<String>) {
    if let Value::Object(members) = value {
        for (name, below) in members {
            let path = format!("{at}.{name}");
            paths(below, &path, into);
            into.insert(path);
        }
    }
}

#[test]
fn every_value_is_described_in_the_readme() {
    let values: Value =
        serde_yaml_ng::from_str(&fs::read_to_string(chart().join("values.yaml")).unwrap()).unwrap();
    let mut all = BTreeSet::new();
    paths(&values, "", &mut all);
    let readme = fs::read_to_string(chart().join("README.md")).unwrap();
    for section in values.as_object().unwrap().keys() {
        assert!(
            readme.contains(&format!("| {section}")) || readme.contains(&format!("| {section}.")),
            "{section} is not in the README: run `just chart readme`"
        );
    }
    if is_whole() {
        let generated = done(
            "helm-docs",
            &[
                "--chart-search-root",
                chart().to_str().unwrap(),
                "--dry-run",
                "--log-level",
                "error",
            ],
        );
        assert_eq!(generated.trim(), readme.trim(), "run `just chart readme`");
    }
}

#[test]
fn the_chart_runs_every_service_that_there_is() {
    let values = fs::read_to_string(chart().join("values.yaml")).unwrap();
    let values: Value = serde_yaml_ng::from_str(&values).unwrap();
    let installed: BTreeSet<&str> = values["services"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    // The notifier runs both of its stages.
    let service = |stage: StageName| stage.as_str().split("-plan").next().unwrap_or_default();
    let stages = StageName::RUNNERS
        .into_iter()
        .filter(|stage| *stage != StageName::NotifierDeliver);
    let wanted: BTreeSet<&str> = stages.map(service).chain(["adapters", "api"]).collect();
    assert_eq!(installed, wanted);
    let all = documents(&rendered(
        "helm3",
        &chart().join("ci/minimal-values.yaml"),
        &["--set", "services.sources.enabled=true"],
    ));
    let run = all
        .iter()
        .filter(|document| document["kind"] == "StatefulSet" || document["kind"] == "Deployment");
    assert_eq!(run.count(), wanted.len());
}

#[test]
fn the_chart_and_the_program_have_one_version() {
    let chart: Value =
        serde_yaml_ng::from_str(&fs::read_to_string(chart().join("Chart.yaml")).unwrap()).unwrap();
    assert_eq!(chart["appVersion"], env!("CARGO_PKG_VERSION"));
}
