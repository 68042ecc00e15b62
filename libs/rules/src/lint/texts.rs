//! Checks of what rules say: identifiers, points, reasons.

use std::collections::BTreeSet;

use super::Findings;
use crate::names::kind_of;
use crate::scoring::{Rule, RuleSet};

/// Values that every event has.
const ALWAYS_KNOWN: &[&str] = &["id", "tenant", "type", "source", "subject", "time", "received_at"];

pub(super) fn look(rules: &RuleSet, findings: &mut Findings) {
    let languages: BTreeSet<&str> = rules
        .rules
        .iter()
        .flat_map(|rule| rule.reason.languages())
        .filter(|language| !language.is_empty())
        .collect();
    for rule in &rules.rules {
        if !rule.is_named {
            add(
                findings,
                "no-id",
                rule,
                "is called after its place, which changes when rules move; give it an `id`",
            );
        }
        if rule.points == 0.0 && rule.verdict.is_none() {
            add(findings, "no-points", rule, "gives no points and no verdict");
        }
        if rule.has_reason {
            missing_languages(rule, &languages, findings);
            values(rules, rule, findings);
        } else {
            add(
                findings,
                "no-reason",
                rule,
                "does not say why; give it a `reason`",
            );
        }
    }
}

fn missing_languages(rule: &Rule, languages: &BTreeSet<&str>, findings: &mut Findings) {
    let own: BTreeSet<&str> = rule.reason.languages().collect();
    // A text without a language is for everybody.
    if own.contains("") {
        return;
    }
    let missing: Vec<&str> = languages.difference(&own).copied().collect();
    if !missing.is_empty() {
        add(
            findings,
            "missing-language",
            rule,
            &format!("has no reason in {}, as others have", missing.join(", ")),
        );
    }
}

fn values(rules: &RuleSet, rule: &Rule, findings: &mut Findings) {
    let asked = &rule.when.condition.named;
    let shown: Vec<_> = rule.reason.slots().collect();
    for slot in rules.variables.underlying(&shown) {
        let name = rules.variables.name(slot);
        let list = kind_of(name) == crate::names::Kind::List;
        if !asked.contains(&slot) && !list && !ALWAYS_KNOWN.contains(&name) {
            let message = format!(
                "shows `{name}`, which its condition does not ask for; where it is not known, people read `?`"
            );
            add(findings, "value-may-be-unknown", rule, &message);
        }
    }
}

fn add(findings: &mut Findings, check: &'static str, rule: &Rule, message: &str) {
    findings.add(
        check,
        &rule.file,
        rule.place,
        format!("rule `{}` {message}", rule.id),
    );
}
