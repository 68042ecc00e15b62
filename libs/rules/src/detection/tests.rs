use super::*;
use crate::{Brings, FactList, OwnedFact};

fn no_env(_: &str) -> Option<String> {
    None
}

const FILE: &str = r#"
detections:
  - name: failures
    types: [user.login, login]
    when: "data.success == false"
    kind: streak
    at_least: 3
    severity: high
    description: "{{ count }} failures from {{ data.ip }}, {{ threshold }} allowed in {{ window }}"
  - name: many
    type: user.login
    kind: count
    more_than: 10
    window: 1m
    group_by: [subject, data.ip]
    severity: medium
    description: many
tests:
  - name: three
    events: [{type: user.login, at: 1s, times: 3, every: 2s, data: {success: false}}]
    expect: {failures: 1}
"#;

fn event(facts: &[(&str, OwnedFact)]) -> FactList {
    facts.iter().fold(FactList::default(), |list, (name, value)| {
        list.with(name, value.clone())
    })
}

#[test]
fn rules_and_cases_are_read() {
    let set =
        DetectionRules::parse(&[("d.yml", FILE)], &no_env).unwrap_or_else(|errors| panic!("{errors:?}"));
    let [failures, many] = set.rules() else {
        panic!("two rules")
    };
    assert_eq!(
        (
            failures.kind,
            failures.threshold,
            failures.reached_at,
            failures.window_ms
        ),
        (Kind::Streak, 3, 3, None)
    );
    assert_eq!(
        (many.kind, many.threshold, many.reached_at, many.window_ms),
        (Kind::Count, 10, 11, Some(60_000))
    );
    assert!(set.watches("login") && !set.watches("click"));
    let [case] = set.cases() else { panic!("one case") };
    assert_eq!(
        case.events.iter().map(|event| event.at_ms).collect::<Vec<_>>(),
        [1000, 3000, 5000]
    );
}

#[test]
fn unknown_says_nothing_and_groups_are_within_the_subject() {
    let set = DetectionRules::parse(&[("d.yml", FILE)], &no_env).expect("parses");
    let login = |success: Option<bool>| {
        let mut facts = event(&[
            ("type", OwnedFact::Str("user.login".to_owned())),
            ("data.ip", OwnedFact::Str("10.0.0.1".to_owned())),
        ]);
        if let Some(success) = success {
            facts = facts.with("data.success", OwnedFact::Bool(success));
        }
        facts
    };
    let seen = |facts: &FactList| -> Vec<(String, bool)> {
        set.ask(facts)
            .observations()
            .map(|seen| (seen.rule.name.clone(), seen.counts))
            .collect()
    };
    let named = |name: &str, counts: bool| (name.to_owned(), counts);
    assert_eq!(
        seen(&login(Some(false))),
        [named("failures", true), named("many", true)]
    );
    assert_eq!(
        seen(&login(Some(true))),
        [named("failures", false), named("many", true)]
    );
    assert_eq!(seen(&login(None)), [named("many", true)]);
    assert!(seen(&FactList::default()).is_empty());
    let facts = login(Some(false));
    let inquiry = set.ask(&facts);
    let [failures, many] = set.rules() else {
        panic!("two rules")
    };
    assert_eq!(
        inquiry.describe(failures, 3),
        "3 failures from 10.0.0.1, 3 allowed in "
    );
    assert_eq!(
        (inquiry.group(failures).as_str(), inquiry.group(many).as_str()),
        ("", "\u{1f}10.0.0.1")
    );
}

#[test]
fn mistakes_are_told() {
    let errors = |body: &str| -> String {
        let file = format!("detections:\n  - {{name: a, type: t, severity: low, description: d, {body}}}\n");
        let errors = DetectionRules::parse(&[("d.yml", &file)], &no_env).expect_err(body);
        crate::explain(&errors)
    };
    assert!(errors("kind: cuont, at_least: 2").contains("each, count or streak"));
    assert!(errors("kind: count, at_least: 2").contains("needs the key `window`"));
    assert!(errors("kind: count, window: 1m").contains("needs the key `at_least`"));
    assert!(errors("kind: count, window: soon, at_least: 1").contains("a time span such as"));
    assert!(errors("kind: streak, at_least: 0").contains("a whole number from 1"));
    assert!(errors("kind: each, when: 'market.x > 1'").contains("known only after detection"));
    assert!(errors("kind: each, tresholds: 1").contains("unknown key"));
    assert!(errors("kind: each, group_by: subjects").contains("did you mean `subject`"));
}

fn faults(body: &str) -> String {
    let file = format!("detections:\n  - {{name: a, type: t, severity: low, description: d, {body}}}\n");
    let errors = DetectionRules::parse(&[("d.yml", &file)], &no_env).expect_err(body);
    crate::explain(&errors)
}

#[test]
fn mistakes_of_conditions_over_windows_are_told() {
    let condition = |windows: &str, condition: &str| {
        faults(&format!(
            "kind: condition, windows: {{{windows}}}, condition: '{condition}'"
        ))
    };
    let calls = "calls: {count: \"true\", window: 1m}";
    assert!(condition(calls, "cals > 1").contains("did you mean `calls`"));
    assert!(condition(calls, "data.amount > 1").contains("is of one event"));
    assert!(condition(calls, "1 + 1").contains("is a value"));
    assert!(condition("calls: {window: 1m}", "calls > 1").contains("needs one of count, rate"));
    assert!(condition("calls: {count: \"true\"}", "calls > 1").contains("needs the key `window`"));
    assert!(condition("calls: {count: \"true\", window: 0s}", "calls > 1").contains("longer than nothing"));
    assert!(
        condition("calls: {sum: market.x, window: 1m}", "calls > 1").contains("known only after detection")
    );
    assert!(
        condition("time: {count: \"true\", window: 1m}", "time > 1").contains("no event or signal field")
    );
    assert!(faults("kind: condition").contains("needs the key `condition`"));
    assert!(faults("kind: condition, condition: 'error_ratio > 1'").contains("unknown name `error_ratio`"));
    assert!(faults("kind: count, at_least: 2, window: 1m, by: [service]").contains("keep `group_by`"));
    assert!(
        faults("kind: count, at_least: 2, window: 1m, for: 1m")
            .contains("`kind: condition, absent, baseline` only")
    );
}

#[test]
fn an_alert_rule_of_stream_flow_is_a_condition() {
    let file = "alerts:\n  - {name: slow, condition: 'avg_latency > 500 and event_count > 3', window: 1h, level: warning}\n";
    let set =
        DetectionRules::parse(&[("d.yml", file)], &no_env).unwrap_or_else(|errors| panic!("{errors:?}"));
    let [rule] = set.rules() else { panic!("one rule") };
    assert_eq!((rule.kind, rule.severity.as_str()), (Kind::Condition, "medium"));
    let Some(Pattern::Alert(alert)) = &rule.pattern else {
        panic!("an alert")
    };
    let names: Vec<_> = alert.measures.iter().flat_map(Measures::names).collect();
    assert_eq!(names, ["avg_latency", "event_count"]);
    let facts = event(&[("data.avg_ms", OwnedFact::Long(7))]);
    let twice = file.replace("avg_latency > 500", "avg_avg_ms > 500");
    let twice =
        DetectionRules::parse(&[("d.yml", &twice)], &no_env).unwrap_or_else(|errors| panic!("{errors:?}"));
    let Some(Pattern::Alert(alert)) = &twice.rules()[0].pattern else {
        panic!("an alert")
    };
    assert_eq!(
        twice.ask(&facts).brings(&alert.measures[0])[1],
        Brings::Number(7.0),
        "the mean of `data.avg_ms`"
    );
    assert!(set.watches("whatever") && set.has_patterns());
    let bad = file.replace("warning", "loud");
    let errors = DetectionRules::parse(&[("d.yml", &bad)], &no_env).expect_err("no level");
    assert!(
        crate::explain(&errors).contains("d.yml:2:") && crate::explain(&errors).contains("info, warning")
    );
}

#[test]
fn mistakes_of_patterns_are_told() {
    assert!(faults("kind: absent").contains("needs the key `for`"));
    assert!(faults("kind: absent, for: 0s").contains("longer than nothing"));
    assert!(faults("kind: absent, for: 1m, value: data.x").contains("`kind: baseline, rare` only"));
    let step = "{type: a}";
    assert!(faults(&format!("kind: sequence, within: 1m, steps: [{step}]")).contains("2 to 31 steps"));
    assert!(faults(&format!("kind: sequence, steps: [{step}, {step}]")).contains("needs the key `within`"));
    assert!(
        faults(&format!(
            "kind: sequence, within: 1m, steps: [{step}, {{when: 'true'}}]"
        ))
        .contains("needs the key `type`")
    );
    assert!(faults("kind: baseline").contains("or `measure` must be there"));
    assert!(faults("kind: baseline, value: data.x, season: month").contains("none, day, week or best"));
    assert!(faults("kind: baseline, value: market.x").contains("known only after detection"));
    assert!(faults("kind: baseline, value: data.x, deviations: -1").contains("a number from 0"));
    assert!(faults("kind: rare").contains("needs the key `value`"));
    assert!(
        faults("kind: rare, value: data.x, until_learnt: 'market.y > 1'")
            .contains("known only after detection")
    );
}

#[test]
fn a_sequence_looks_at_the_types_of_its_steps() {
    let file = "detections:\n  - {name: s, kind: sequence, within: 1m, steps: [{type: a}, {types: [b, c]}], without: {type: d}, \
                severity: low, description: d}\n";
    let set =
        DetectionRules::parse(&[("d.yml", file)], &no_env).unwrap_or_else(|errors| panic!("{errors:?}"));
    assert!(["a", "b", "c", "d"].iter().all(|name| set.watches(name)) && !set.watches("e"));
    let [rule] = set.rules() else { panic!("one rule") };
    let Some(Pattern::Sequence(sequence)) = &rule.pattern else {
        panic!("a sequence")
    };
    let roles = |name: &str| {
        let facts = event(&[("type", OwnedFact::Str(name.to_owned()))]);
        set.ask(&facts).roles(sequence, name)
    };
    assert_eq!(["a", "b", "c", "d", "e"].map(roles), [1, 2, 2, windows::ENDS, 0]);
}
