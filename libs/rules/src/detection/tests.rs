use super::*;
use crate::{FactList, OwnedFact};

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
