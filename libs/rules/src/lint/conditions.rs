//! Checks of one condition, or of one against another.

use super::Findings;
use crate::condition::{Oddities, Variables, to_native};
use crate::scoring::{Rule, RuleSet};

/// What `never-true` says.
pub(super) const NEVER_TRUE: &str =
    "can never be true: its parts contradict each other, or ask for what a value never is";

pub(super) fn look(rules: &RuleSet, findings: &mut Findings) {
    for rule in &rules.rules {
        meaning(rule, &rules.variables, findings);
        old_names(rule, findings);
        oddities(&rule.when.condition.oddities(), &mut |check, message| {
            add(findings, check, rule, message);
        });
    }
    for (at, rule) in rules.rules.iter().enumerate() {
        let earlier = rules.rules[..at].iter().filter(|other| other.group == rule.group);
        let exclusive = rules.groups.get(rule.group).is_some_and(|group| group.exclusive);
        against((rule, &rules.variables), earlier, exclusive, findings);
    }
}

fn meaning(rule: &Rule, variables: &Variables, findings: &mut Findings) {
    let condition = &rule.when.condition;
    if condition.is_never_true(variables) {
        add(findings, "never-true", rule, NEVER_TRUE);
    } else if condition.is_never_false(variables) && rule.when.text.trim() != "true" {
        add(
            findings,
            "always-true",
            rule,
            "is true of every event; write `true` if that is meant",
        );
    }
}

fn against<'r>(
    (rule, variables): (&Rule, &Variables),
    earlier: impl Iterator<Item = &'r Rule>,
    exclusive: bool,
    findings: &mut Findings,
) {
    for other in earlier {
        let covered = rule.when.condition.implies(&other.when.condition, variables);
        let same = covered && other.when.condition.implies(&rule.when.condition, variables);
        if same {
            let message = format!("has the same condition as `{}`; join the two", other.id);
            return add(findings, "same-condition", rule, &message);
        }
        if exclusive && covered {
            let message = format!(
                "never counts: `{}` stands before it and is true whenever this is; put the narrower first",
                other.id
            );
            return add(findings, "shadowed", rule, &message);
        }
    }
}

fn old_names(rule: &Rule, findings: &mut Findings) {
    let plain = |text: &str| text.split_whitespace().collect::<String>();
    let text = crate::condition::to_cel(&rule.when.text);
    let native = to_native(&rule.when.text);
    if plain(&text) != plain(&native) {
        add(
            findings,
            "old-name",
            rule,
            &format!("uses names of the reference system; ours is `{}`", native.trim()),
        );
    }
}

/// Tells what strikes a reader of a condition.
pub(super) fn oddities(oddities: &Oddities, add: &mut dyn FnMut(&'static str, &str)) {
    if oddities.slow {
        let message = "is decided by the general CEL interpreter, which takes many times as long; plain comparisons, `in`, text functions and hasWord() are fast";
        add("slow-condition", message);
    }
    for pattern in &oddities.plain_patterns {
        let message = format!(
            "matches('{pattern}') needs no pattern; contains(), startsWith(), endsWith() or == is faster and plainer"
        );
        add("plain-pattern", &message);
    }
    for item in &oddities.repeated {
        add("repeated-item", &format!("lists {item} twice"));
    }
    for number in &oddities.exact_fractions {
        let message = format!(
            "asks for exactly {number}; computed fractions hardly ever equal one, compare with < and >"
        );
        add("exact-fraction", &message);
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
