//! Conditions over windows, without Kafka: pending, firing and resolved, in event time, over a restart.

#![expect(clippy::panic, reason = "a test that cannot go on fails")]

mod driving;

use std::time::Duration;

use detector::{DetectorStage, run_tests};
use driving::{apply, rules};
use model::{Detection, Event, Value};
use proptest::prelude::*;
use stage::{AnyStore, Driver, Stores};

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;

const ERRORS: &str = r#"
detections:
  - name: error_rate
    types: [call]
    kind: condition
    windows:
      errors: {ratio: "data.status >= 500", window: 1m}
      calls: {count: "true", window: 1m}
      slow: {p95: data.ms, window: 5m}
    condition: "errors > 0.5 and calls >= 4"
    for: 30s
    send_resolved: true
    evidence: 2
    severity: high
    description: "{{ errors }} of {{ calls }} calls failed"
"#;

fn driver(text: &str) -> Driver<DetectorStage> {
    driving::driver(text, Duration::from_secs(5))
}

fn call(number: i64, at: i64, status: i64) -> Event {
    Event {
        id: format!("call-{number}"),
        source: "web".to_owned(),
        kind: "call".to_owned(),
        subject: "service:shop".to_owned(),
        tenant: "acme".to_owned(),
        time: at,
        attributes: [
            ("status".to_owned(), Value::Long(status)),
            ("ms".to_owned(), Value::Long(7)),
        ]
        .into(),
        ..Event::default()
    }
}

fn other(at: i64) -> Event {
    Event {
        subject: "service:other".to_owned(),
        kind: "beat".to_owned(),
        ..call(-1, at, 200)
    }
}

#[test]
fn a_condition_fires_once_it_held_long_enough_and_is_resolved() {
    let mut driver = driver(ERRORS);
    for number in 0..4 {
        assert!(apply(&mut driver, call(number, number * SECOND, 500)).is_empty());
    }
    // It holds since the fourth second, and is told once nothing up to 33 s is waited for.
    assert!(apply(&mut driver, other(37 * SECOND)).is_empty());
    let found = apply(&mut driver, other(38 * SECOND));
    let [told] = found.as_slice() else {
        panic!("{found:?}")
    };
    assert_eq!(
        (told.rule.as_str(), told.state.as_str()),
        ("error_rate", Detection::FIRING)
    );
    assert_eq!(
        (told.window_start, told.time, told.count),
        (3 * SECOND, 33 * SECOND, 4)
    );
    assert_eq!(
        (told.tenant.as_str(), told.subject.as_str()),
        ("acme", "service:shop")
    );
    assert_eq!(told.event_ids, ["call-2", "call-3"]);
    assert_eq!(told.description, "1 of 4 calls failed");
    assert_eq!(told.attributes["window.errors"], Value::Double(1.0));
    let slow = told.attributes["window.slow"].as_f64().unwrap();
    assert!((slow - 7.0).abs() < 7.0 / 128.0, "{slow}");
    // The first call leaves the window a minute after its second, and three are too few.
    assert!(apply(&mut driver, other(64 * SECOND)).is_empty());
    let found = apply(&mut driver, other(65 * SECOND));
    let [resolved] = found.as_slice() else {
        panic!("{found:?}")
    };
    assert_eq!(resolved.state, Detection::RESOLVED);
    assert_eq!((resolved.window_start, resolved.time), (3 * SECOND, 60 * SECOND));
    assert_eq!(
        (resolved.id.clone(), resolved.began_as()),
        (format!("{}_resolved", told.id), &*told.id)
    );
    assert!(apply(&mut driver, other(20 * MINUTE)).is_empty(), "resolved once");
}

#[test]
fn what_ends_in_time_is_not_told() {
    let mut driver = driver(ERRORS);
    for number in 0..4 {
        apply(&mut driver, call(number, number * SECOND, 500));
    }
    for number in 4..9 {
        assert!(apply(&mut driver, call(number, 20 * SECOND, 200)).is_empty());
    }
    assert!(apply(&mut driver, other(20 * MINUTE)).is_empty());
}

#[test]
fn subjects_and_tenants_are_apart() {
    let mut driver = driver(ERRORS);
    for number in 0..8 {
        let mut call = call(number, number * SECOND, 500);
        call.tenant = format!("tenant-{}", number % 4);
        call.subject = format!("service:{}", number % 4);
        apply(&mut driver, call);
    }
    assert!(apply(&mut driver, other(10 * MINUTE)).is_empty());
}

#[test]
fn what_no_window_covers_is_late_and_counted() {
    let mut driver = driver(ERRORS);
    apply(&mut driver, call(0, 10 * MINUTE, 200));
    // Of five minutes, the longest window, the sixtieth part that goes on and the 59 before it.
    apply(&mut driver, call(1, 10 * MINUTE - 295 * SECOND, 500));
    assert!(driver.counts.late.is_empty());
    apply(&mut driver, call(2, 10 * MINUTE - 296 * SECOND, 500));
    assert_eq!(driver.counts.late, [("error_rate".to_owned(), 1)].into());
}

#[test]
fn a_subject_of_which_nothing_is_wrong_sets_no_timer_and_keeps_little() {
    let mut driver = driver(ERRORS);
    for number in 0..5_000 {
        apply(&mut driver, call(number, number * SECOND, 200));
    }
    let mut kept = Vec::new();
    driver
        .stores()
        .each(&mut |store: &mut dyn AnyStore| kept.push((store.name(), store.len())));
    assert_eq!(
        kept[2..],
        [("alerts", 1), ("timers", 1)],
        "the one timer is the watermark"
    );
    let state = driver.log().iter().rev().find(|(store, ..)| *store == "alerts");
    let bytes = state.and_then(|(_, _, value)| value.as_ref()).map_or(0, Vec::len);
    assert!(bytes < 12_000, "{bytes} bytes for 120 panes");
}

#[test]
fn a_rule_that_is_gone_or_changed_leaves_nothing_behind() {
    let watched = rules(ERRORS);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("r.yml");
    std::fs::write(&file, ERRORS).unwrap();
    let opened = detector::open_rules(folder.path()).unwrap();
    assert_eq!(opened.load().version(), watched.load().version());
    let mut driver = Driver::new(DetectorStage::new(&opened, Duration::from_secs(5)));
    for number in 0..4 {
        apply(&mut driver, call(number, number * SECOND, 500));
    }
    let changed = ERRORS.replace("window: 1m", "window: 2m");
    std::fs::write(&file, &changed).unwrap();
    assert_eq!(opened.reload_now().last_error, None);
    assert!(
        apply(&mut driver, call(9, 5 * SECOND, 500)).is_empty(),
        "windows began anew"
    );
    std::fs::write(&file, changed.replace("name: error_rate", "name: renamed")).unwrap();
    assert_eq!(opened.reload_now().last_error, None);
    assert!(apply(&mut driver, other(20 * MINUTE)).is_empty());
}

const STREAM_FLOW: &str = r#"
alerts:
  - name: High error rate
    condition: "error_rate > 0.05"
    threshold: 0.05
    window: 5m
    level: error
    channels: [email, slack, webhook]
    suppression_minutes: 30
    escalation: {after_minutes: 15, level: critical}
"#;

#[test]
fn an_alert_rule_of_stream_flow_loads_and_fires() {
    let mut driver = driver(STREAM_FLOW);
    for number in 0..19 {
        let mut call = call(number, number * SECOND, 200);
        call.kind = format!("type-{number}");
        assert!(apply(&mut driver, call).is_empty());
    }
    let mut error = call(20, 20 * SECOND, 200);
    error.severity = Some("critical".to_owned());
    assert!(
        apply(&mut driver, error.clone()).is_empty(),
        "one in twenty is 0.05"
    );
    (error.id, error.time) = ("call-21".to_owned(), 21 * SECOND);
    let found = apply(&mut driver, error);
    let [told] = found.as_slice() else {
        panic!("{found:?}")
    };
    assert_eq!((told.severity.as_str(), told.threshold), ("high", 0.05));
    assert_eq!(told.description, "High error rate");
    assert_eq!(
        told.attributes["alert.channels"],
        Value::from(r#"["email","slack","webhook"]"#)
    );
    assert!(
        told.attributes["alert.escalation"]
            .as_str()
            .unwrap()
            .contains("after_minutes")
    );
}

#[test]
fn tests_beside_the_rules_may_let_time_pass() {
    let text = format!(
        "{ERRORS}
tests:
  - name: four failures that stay
    events: [{{type: call, at: 0s, times: 4, every: 1s, data: {{status: 500}}}}]
    until: 10m
    expect: {{error_rate: 1}}
    resolved: {{error_rate: 1}}
  - name: they are pending until then
    events: [{{type: call, at: 0s, times: 4, every: 1s, data: {{status: 500}}}}]
    until: 32s
    expect: {{}}
  - name: and this expects too much
    events: [{{type: call, at: 0s, times: 4, every: 1s, data: {{status: 500}}}}]
    expect: {{error_rate: 1}}
"
    );
    let outcomes = run_tests(&rules(&text).load());
    let failures: Vec<_> = outcomes.iter().map(|outcome| outcome.failures.len()).collect();
    assert_eq!(failures, [0, 0, 1], "{outcomes:#?}");
}

proptest! {
    #[test]
    fn a_restart_changes_nothing(
        calls in prop::collection::vec((0i64..200, any::<bool>()), 0..60), cut in 0usize..60)
    {
        let (mut whole, mut restarted) = (driver(ERRORS), driver(ERRORS));
        for (number, (second, failed)) in (0..).zip(calls) {
            if usize::try_from(number).unwrap() == cut {
                restarted = restarted.restarted();
            }
            let event = call(number, second * SECOND, if failed { 500 } else { 200 });
            prop_assert_eq!(apply(&mut whole, event.clone()), apply(&mut restarted, event));
        }
        prop_assert_eq!(whole.counts, restarted.counts);
    }
}
