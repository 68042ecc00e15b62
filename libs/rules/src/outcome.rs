//! What came of the tests that stand beside rules. No I/O.

/// The outcome of one test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestOutcome {
    /// The rule file.
    pub file: String,
    /// Line of the test.
    pub line: usize,
    /// Its name.
    pub name: String,
    /// What differed; empty when the test passed.
    pub failures: Vec<String>,
}

impl TestOutcome {
    /// Whether everything was as expected.
    pub fn passed(&self) -> bool {
        self.failures.is_empty()
    }
}

/// Compares two sets of names, whatever their order.
pub(crate) fn differs(what: &str, mut got: Vec<String>, wanted: Option<&Vec<String>>) -> Option<String> {
    let mut wanted = wanted?.clone();
    wanted.sort_unstable();
    got.sort_unstable();
    got.dedup();
    (got != wanted).then(|| {
        format!(
            "{what} are [{}], expected [{}]",
            got.join(", "),
            wanted.join(", ")
        )
    })
}
