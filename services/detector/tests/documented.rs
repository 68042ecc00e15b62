//! Every example of docs/DETECTION.md loads, and its tests pass.

use std::path::Path;

use detector::run_tests;
use rules::{DetectionRules, explain};

#[test]
fn the_examples_of_the_document_hold() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/DETECTION.md");
    let document = std::fs::read_to_string(path).unwrap();
    let examples = document.split("```yaml\n").skip(1);
    let mut ran = 0;
    for example in examples.filter_map(|rest| rest.split("```").next()) {
        let rules = DetectionRules::parse(&[("example", example)], &|_| None)
            .unwrap_or_else(|errors| panic!("{}\n{example}", explain(&errors)));
        let outcomes = run_tests(&rules);
        assert!(!outcomes.is_empty(), "no tests: {example}");
        for outcome in outcomes {
            assert!(outcome.passed(), "{outcome:#?}");
        }
        ran += 1;
    }
    assert!(ran >= 6, "{ran} examples");
}
