//! The metrics of ours that a query in `PromQL` names. No I/O.

use std::collections::BTreeSet;

/// What begins the name of each.
const PREFIX: &str = "sluicebox_";

/// Their names; those of rules and labels look different.
pub fn series_in(query: &str) -> BTreeSet<String> {
    let letter = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let words = query.split(|c| !letter(c));
    words
        .filter(|word| word.starts_with(PREFIX))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_wherever_they_stand() {
        let query = "sum by (service) (rate(sluicebox_a_total{x=\"y\"}[5m])) / max(sluicebox_b)";
        let found: Vec<_> = series_in(query).into_iter().collect();
        assert_eq!(found, ["sluicebox_a_total", "sluicebox_b"]);
    }
}
