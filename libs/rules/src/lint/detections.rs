//! Checks of the conditions of detections.

use super::{Findings, conditions};
use crate::detection::DetectionRules;

pub(super) fn look(rules: &DetectionRules, findings: &mut Findings) {
    for rule in rules.rules() {
        let Some(condition) = &rule.condition else {
            continue;
        };
        let (file, place) = (rule.file.as_str(), rule.place);
        let mut add = |check, message: &str| {
            findings.add(check, file, place, format!("detection `{}` {message}", rule.name));
        };
        if condition.is_never_true(rules.variables()) {
            add("never-true", conditions::NEVER_TRUE);
        }
        conditions::oddities(&condition.oddities(), &mut add);
    }
    for unused in rules.variables().unused() {
        findings.unused(unused);
    }
}
