//! The rule files that ship load, and their own tests pass.

#![expect(clippy::panic, clippy::expect_used, reason = "a test that cannot go on fails")]

use std::path::PathBuf;

use rules::{DetectionRules, RuleSet, explain, run_tests};

fn texts(folder: &str) -> Vec<(String, String)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../rules")
        .join(folder);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut texts: Vec<(String, String)> = entries
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yml"))
        .map(|path| {
            (
                path.file_name().expect("a file").to_string_lossy().into_owned(),
                std::fs::read_to_string(&path).expect("readable"),
            )
        })
        .collect();
    texts.sort();
    texts
}

fn borrowed(texts: &[(String, String)]) -> Vec<(&str, &str)> {
    texts
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect()
}

#[test]
fn scoring_rules_pass_their_tests() {
    let texts = texts("scoring");
    let rules =
        RuleSet::parse(&borrowed(&texts), &|_| None).unwrap_or_else(|errors| panic!("{}", explain(&errors)));
    let outcomes = run_tests(&rules);
    assert!(outcomes.len() >= 18, "{}", outcomes.len());
    let failed: Vec<_> = outcomes.iter().filter(|outcome| !outcome.passed()).collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn detection_rules_load() {
    let texts = texts("detections");
    let rules = DetectionRules::parse(&borrowed(&texts), &|_| None)
        .unwrap_or_else(|errors| panic!("{}", explain(&errors)));
    assert_eq!(rules.rules().len(), 9);
    assert!(rules.cases().len() >= 10);
}

#[test]
fn the_examples_of_the_readme_hold() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../rules/README.md");
    let readme = std::fs::read_to_string(path).unwrap();
    let examples: Vec<&str> = readme
        .split("```yaml\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .collect();
    let [scoring, detections] = examples.as_slice() else {
        panic!("two examples, not {}", examples.len())
    };
    let rules = RuleSet::parse(&[("scoring", scoring)], &|_| None)
        .unwrap_or_else(|errors| panic!("{}", explain(&errors)));
    assert!(
        run_tests(&rules).iter().all(rules::TestOutcome::passed),
        "{:?}",
        run_tests(&rules)
    );
    let rules = DetectionRules::parse(&[("detections", detections)], &|_| None)
        .unwrap_or_else(|errors| panic!("{}", explain(&errors)));
    assert_eq!((rules.rules().len(), rules.cases().len()), (1, 1));
}
