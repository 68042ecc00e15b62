//! Checks of the tests beside the rules: what they never see.

use super::Findings;
use crate::scoring::{RuleCoverage, Study};

pub(super) fn look(study: &Study, findings: &mut Findings) {
    for (rule, seen) in study.rules().rules.iter().zip(study.coverage()) {
        let mut add = |check, message: String| {
            findings.add(
                check,
                &rule.file,
                rule.place,
                format!("rule `{}` {message}", rule.id),
            );
        };
        if seen.whole.holds == 0 {
            add(
                "never-tested",
                "is true in no test; add one that it matches".to_owned(),
            );
        } else if seen.whole.fails == 0 && !rule.when.condition.is_never_false(&study.rules().variables) {
            add(
                "never-refused",
                "is false in no test; add one that it must not match".to_owned(),
            );
        } else if let Some((side, way)) = one_way(&seen) {
            add("half-tested", format!("is tested, but `{side}` is never {way}"));
        }
    }
}

/// The first side that tests see only one way.
fn one_way(seen: &RuleCoverage) -> Option<(&str, &'static str)> {
    let open = seen.sides.iter().filter(|_| seen.sides.len() > 1);
    open.filter(|(_, seen)| !seen.both_ways())
        .map(|(side, seen)| (side.as_str(), if seen.holds == 0 { "true" } else { "false" }))
        .next()
}
