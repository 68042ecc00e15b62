//! The scorer without Kafka: what it scores, what it passes on, and what a bad rule file does to it.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    clippy::float_cmp,
    reason = "a test that cannot go on fails; its scores are exact"
)]

use model::{Event, ScoredEvent, Value};
use scorer::{ScorerStage, Trials, open_rules};
use stage::{Cx, Driver, Settled};
use topology::Topic;

const RULES: &str = "groups: [{name: g, rules: [
  {id: big, when: \"data.amount > 10\", score: 5, reason: \"{{ data.amount }}\"},
  {id: rich, when: \"market.volume_1h_usd > 1\", score: 50}]}]";

fn event(amount: Option<f64>) -> Event {
    let attributes = amount
        .map(|amount| ("amount".to_owned(), Value::Double(amount)))
        .into_iter()
        .collect();
    Event {
        id: "1".to_owned(),
        kind: "buy".to_owned(),
        attributes,
        ..Event::default()
    }
}

fn score(driver: &mut Driver<ScorerStage>, event: Event) -> ScoredEvent {
    match driver.apply(event, &Cx::at(Topic::EventsNormalized, 0)) {
        Settled::Out(mut outputs) if outputs.len() == 1 => outputs.remove(0),
        other => panic!("one scored event, not {other:?}"),
    }
}

fn folder_with(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("rules.yml"), text).unwrap();
    std::fs::write(folder.path().join("README.md"), "# not a rule file").unwrap();
    folder
}

#[test]
fn events_are_scored_by_the_rules_of_events_alone() {
    let folder = folder_with(RULES);
    let rules = open_rules(folder.path()).unwrap();
    let mut driver = Driver::new(ScorerStage::new(&rules));
    let scored = score(&mut driver, event(Some(12.0)));
    assert_eq!(
        (scored.score, scored.matched, scored.level.as_str()),
        (5.0, 1, "low")
    );
    assert_eq!(
        (scored.reasons[0].rule.as_str(), scored.reasons[0].text.as_str()),
        ("big", "12")
    );
    assert!(scored.unknown.is_empty(), "{:?}", scored.unknown);
    assert_eq!(scored.rules_version, rules.load().version());
    assert_eq!(
        score(&mut driver, event(Some(12.0))),
        scored,
        "the same event and rules give the same"
    );
}

#[test]
fn an_event_without_a_match_goes_on_with_what_was_unknown() {
    let folder = folder_with(RULES);
    let mut driver = Driver::new(ScorerStage::new(&open_rules(folder.path()).unwrap()));
    assert_eq!(score(&mut driver, event(Some(1.0))).matched, 0);
    let scored = score(&mut driver, event(None));
    assert_eq!(
        (scored.matched, scored.unknown),
        (0, vec!["data.amount".to_owned()])
    );
    assert!(driver.counts.conserves());
}

#[test]
fn a_bad_rule_file_leaves_the_last_good_rules_in_use() {
    let folder = folder_with(RULES);
    let rules = open_rules(folder.path()).unwrap();
    let mut driver = Driver::new(ScorerStage::new(&rules));
    let before = score(&mut driver, event(Some(12.0)));

    std::fs::write(
        folder.path().join("rules.yml"),
        RULES.replace("score: 5", "scor: 5"),
    )
    .unwrap();
    let status = rules.reload_now();
    assert!(
        status
            .last_error
            .is_some_and(|error| error.contains("did you mean `score`"))
    );
    assert_eq!(score(&mut driver, event(Some(12.0))), before);

    std::fs::write(
        folder.path().join("rules.yml"),
        RULES.replace("score: 5", "score: 6"),
    )
    .unwrap();
    assert_eq!(rules.reload_now().last_error, None);
    let after = score(&mut driver, event(Some(12.0)));
    assert_eq!(after.score, 6.0);
    assert_ne!(after.rules_version, before.rules_version);
}

#[test]
fn bad_rules_at_the_start_are_refused() {
    let folder = folder_with("groups: [{name: g, rules: [{when: 'x'}]}]");
    let error = open_rules(folder.path()).err().unwrap().to_string();
    assert!(error.contains("rules.yml:1:"), "{error}");
}

#[test]
fn rules_on_trial_change_a_field_and_counts_but_no_score() {
    let folder = folder_with(
        "groups:
  - {name: live, rules: [{id: big, when: \"data.amount > 10\", score: 5}]}
  - {name: trial, mode: shadow, rules: [{id: bold, when: \"data.amount > 10\", score: 50}]}",
    );
    let trials = Trials::default();
    let stage = ScorerStage::new(&open_rules(folder.path()).unwrap()).counting(trials.clone());
    let mut driver = Driver::new(stage);
    let scored = score(&mut driver, event(Some(12.0)));
    assert_eq!(
        (scored.score, scored.matched, scored.level.as_str()),
        (5.0, 1, "low")
    );
    let shadow = scored.shadow.unwrap();
    assert_eq!((shadow.score, shadow.level.as_str()), (55.0, "high"));
    assert_eq!(shadow.reasons[0].rule, "bold");
    assert_eq!(score(&mut driver, event(Some(1.0))).shadow, None);
    let counts = trials.counts();
    assert_eq!((counts.matched, counts.raised, counts.relevelled), (1, 1, 1));
}

#[test]
fn the_same_event_and_rules_give_the_same_bytes() {
    let folder = folder_with(RULES);
    let rules = open_rules(folder.path()).unwrap();
    let bytes = || {
        let scored = score(&mut Driver::new(ScorerStage::new(&rules)), event(Some(12.0)));
        model::Encoder::new(model::SchemaIds([1; 14])).encoded(&scored)
    };
    assert_eq!(bytes(), bytes());
}
