//! Checks of groups, levels and names.

use super::Findings;
use crate::node::Place;
use crate::scoring::{Group, Rule, RuleSet};

pub(super) fn look(rules: &RuleSet, findings: &mut Findings) {
    let (mut most, mut least) = (0.0, 0.0);
    for (at, group) in rules.groups.iter().enumerate() {
        let of_group: Vec<&Rule> = rules.rules.iter().filter(|rule| rule.group == at).collect();
        let (up, down) = reach(group, &of_group);
        bounds(group, &of_group, up, down, findings);
        split(group, &of_group, findings);
        most += group.bounded(up);
        least += group.bounded(down);
    }
    levels(rules, least, most, findings);
    for unused in rules.variables.unused() {
        findings.unused(unused);
    }
}

/// The most and the least a group can give without its bounds.
fn reach(group: &Group, rules: &[&Rule]) -> (f64, f64) {
    let points = rules.iter().map(|rule| rule.points);
    if group.exclusive {
        return points.fold((0.0, 0.0), |(up, down), points| {
            (f64::max(up, points), f64::min(down, points))
        });
    }
    points.fold((0.0, 0.0), |(up, down), points| {
        (up + points.max(0.0), down + points.min(0.0))
    })
}

fn bounds(group: &Group, rules: &[&Rule], up: f64, down: f64, findings: &mut Findings) {
    if rules.is_empty() {
        return add(
            findings,
            "empty-group",
            group,
            "has no rules; add some or take it out",
        );
    }
    if let Some(cap) = group.cap.filter(|cap| *cap >= up) {
        add(
            findings,
            "idle-bound",
            group,
            &format!("has a cap of {cap}, but its rules give {up} at most"),
        );
    }
    if let Some(floor) = group.floor.filter(|floor| *floor <= down) {
        add(
            findings,
            "idle-bound",
            group,
            &format!("has a floor of {floor}, but its rules give {down} at least"),
        );
    }
}

fn split(group: &Group, rules: &[&Rule], findings: &mut Findings) {
    let bounded = group.exclusive || group.cap.is_some() || group.floor.is_some();
    let mut scopes = rules.iter().map(|rule| rule.when.condition.scope);
    let first = scopes.next();
    if bounded && scopes.any(|scope| Some(scope) != first) {
        let message = "is bounded or exclusive, but the scorer decides some of its rules and the enricher others, each by itself; make two groups of it";
        add(findings, "split-group", group, message);
    }
}

fn levels(rules: &RuleSet, least: f64, most: f64, findings: &mut Findings) {
    let Some(file) = rules.rules.first().map(|rule| rule.file.clone()) else {
        return;
    };
    for (name, from) in rules.levels.floors() {
        if most < from {
            let message =
                format!("level `{name}` begins at {from}, but all rules together give {most} at most");
            findings.add(
                "unreachable-level",
                rules.levels_file(&file),
                Place { line: 1, column: 1 },
                message,
            );
        }
    }
    for (name, to) in rules.levels.ceilings() {
        if least > to {
            let message =
                format!("level `{name}` ends at {to}, but all rules together give {least} at least");
            findings.add(
                "unreachable-level",
                rules.levels_file(&file),
                Place { line: 1, column: 1 },
                message,
            );
        }
    }
}

fn add(findings: &mut Findings, check: &'static str, group: &Group, message: &str) {
    findings.add(
        check,
        &group.file,
        group.place,
        format!("group `{}` {message}", group.name),
    );
}
