//! What came of the tests that stand beside rules. No I/O.

use std::collections::BTreeSet;

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
pub(crate) fn differs(what: &str, got: &[String], wanted: Option<&Vec<String>>) -> Option<String> {
    let wanted: BTreeSet<&String> = wanted?.iter().collect();
    let got: BTreeSet<&String> = got.iter().collect();
    let named = |names: Vec<&&String>, how: &str| {
        let names: Vec<&str> = names.into_iter().map(|name| name.as_str()).collect();
        (!names.is_empty()).then(|| format!("{} {how}", names.join(", ")))
    };
    let lacking = named(wanted.difference(&got).collect(), "expected and not there");
    let unexpected = named(got.difference(&wanted).collect(), "there and not expected");
    let parts: Vec<String> = lacking.into_iter().chain(unexpected).collect();
    (!parts.is_empty()).then(|| format!("{what}: {}", parts.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_told() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let told = |got: &[&str], wanted: &[&str]| differs("rules", &names(got), Some(&names(wanted)));
        assert_eq!(told(&["a", "b", "a"], &["b", "a"]), None);
        assert_eq!(
            told(&["a", "x"], &["a", "c", "b"]).as_deref(),
            Some("rules: b, c expected and not there; x there and not expected")
        );
        assert_eq!(
            told(&["a"], &[]).as_deref(),
            Some("rules: a there and not expected")
        );
        assert_eq!(differs("rules", &names(&["a"]), None), None);
    }
}
