//! CEL's conformance suite: of what rules can express, all of it holds.

mod conformance;

use std::path::PathBuf;

#[test]
fn what_rules_can_express_of_cel_is_as_cel_demands() {
    let given = std::env::var_os("SLUICEBOX_SHARED_DATA").map(PathBuf::from);
    let data =
        given.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"));
    let Some(conformance) = conformance::run(&data.join("suites/cel")) else {
        eprintln!("skipped: the suite is not there");
        return;
    };
    assert!(
        conformance.failed.is_empty(),
        "{} of {}:\n{}",
        conformance.failed.len(),
        conformance.inside,
        conformance.failed.join("\n")
    );
    assert!(conformance.inside > 400, "{conformance:?}");
    for reason in conformance.outside.keys() {
        assert!(
            conformance::OTHER_TESTS.iter().any(|(name, _)| name == reason),
            "{reason} has no explanation"
        );
    }
}
