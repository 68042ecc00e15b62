//! Tools that are built once into the cache, by deploy/local/tool.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use testkit::repository;

/// Set by `just chart`: also what takes tools that `just test` does without.
pub(crate) const WHOLE: &str = "SLUICEBOX_DEPLOY_WHOLE";

/// The version that is rendered for: that of the schemas beside. A Helm that was built here knows none of its own.
pub(crate) const KUBERNETES: &str = "--kube-version=1.34.1";

pub(crate) fn chart() -> PathBuf {
    repository().join("deploy/helm/sluicebox")
}

pub(crate) fn is_whole() -> bool {
    std::env::var_os(WHOLE).is_some()
}

pub(crate) fn run(tool: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(repository().join("deploy/local/tool"));
    command.arg(tool).args(arguments).current_dir(repository());
    command.output().unwrap()
}

/// What it prints; it must succeed.
pub(crate) fn done(tool: &str, arguments: &[&str]) -> String {
    let output = run(tool, arguments);
    let (said, wrong) = (&output.stdout, &output.stderr);
    assert!(
        output.status.success(),
        "{tool} {arguments:?}\n{}{}",
        String::from_utf8_lossy(said),
        String::from_utf8_lossy(wrong)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// The values files of the chart's `ci` folder.
pub(crate) fn examples() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(chart().join("ci"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(files.len() >= 5, "{files:?}");
    files
}

/// What the chart renders of a values file, with these arguments besides.
pub(crate) fn rendered(helm: &str, values: &Path, more: &[&str]) -> String {
    let (chart, values) = (chart(), values.to_str().unwrap());
    let chart = chart.to_str().unwrap();
    let arguments = [
        "template",
        "sluicebox",
        chart,
        KUBERNETES,
        "--namespace=signals",
        "--values",
        values,
    ];
    done(helm, &[&arguments, more].concat())
}

/// The documents of a rendered chart.
pub(crate) fn documents(text: &str) -> Vec<serde_json::Value> {
    use serde::Deserialize;
    let documents = serde_yaml_ng::Deserializer::from_str(text);
    let read = documents.map(|document| serde_json::Value::deserialize(document).unwrap());
    read.filter(|value| !value.is_null()).collect()
}
