//! Silence, sequences, baselines and rare values, without Kafka: what docs/DETECTION.md does not show.

#![expect(clippy::panic, reason = "a test that cannot go on fails")]

mod driving;

use std::time::Duration;

use detector::{DetectorStage, Replay};
use model::{Detection, Event, Value};
use proptest::prelude::*;
use stage::{AnyStore, Cx, Driver, Settled, Stores};
use topology::Topic;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

const ALL: &str = r#"
detections:
  - {name: silent, types: [beat, end], kind: absent, for: 3m, send_resolved: true, evidence: 1, severity: low, description: "silent"}
  - name: pair
    kind: sequence
    steps: [{type: beat, when: "data.n == 1"}, {type: beat, when: "data.n == 2"}]
    without: [{type: beat, when: "data.n == 3"}, {type: end}]
    within: 2m
    cooldown: 1m
    severity: low
    description: pair
  - name: many
    types: [beat]
    kind: baseline
    measure: {count: "true", window: 1m}
    learn: 60
    season: none
    least_difference: 2
    for: 2m
    send_resolved: true
    severity: low
    description: "{{ value }} where {{ expected }} is usual"
  - {name: odd, types: [beat], kind: rare, value: data.n, learn: 3, cooldown: 1m, severity: low, description: "{{ value }}"}
"#;

fn driver() -> Driver<DetectorStage> {
    driving::driver(ALL, Duration::from_mins(1))
}

fn beat(id: i64, at: i64, n: i64) -> Event {
    Event {
        id: format!("e-{id}"),
        source: "s".to_owned(),
        kind: "beat".to_owned(),
        subject: "host:1".to_owned(),
        tenant: "acme".to_owned(),
        time: at,
        attributes: [("n".to_owned(), Value::Long(n))].into(),
        ..Event::default()
    }
}

/// What an event and the event time that it brings lead to, of one rule.
fn apply(driver: &mut Driver<DetectorStage>, rule: &str, event: Event) -> Vec<Detection> {
    let mut found = driving::apply(driver, event);
    found.retain(|detection| detection.rule == rule);
    found
}

/// Somebody else's event, which brings event time to `at`.
fn pass(driver: &mut Driver<DetectorStage>, rule: &str, at: i64) -> Vec<Detection> {
    let event = Event {
        kind: "other".to_owned(),
        ..beat(-1, at + MINUTE, 0)
    };
    apply(driver, rule, event)
}

#[test]
fn silence_names_the_last_event_and_its_end_the_same_silence() {
    let mut driver = driver();
    for number in 0..3 {
        apply(&mut driver, "silent", beat(number, number * MINUTE, 0));
    }
    assert!(pass(&mut driver, "silent", 5 * MINUTE - 1).is_empty());
    let found = pass(&mut driver, "silent", 5 * MINUTE);
    let [silent] = found.as_slice() else {
        panic!("{found:?}")
    };
    assert_eq!(
        (silent.window_start, silent.time, silent.count),
        (2 * MINUTE, 5 * MINUTE, 3)
    );
    assert_eq!(silent.event_ids, ["e-2"]);
    assert!(pass(&mut driver, "silent", HOUR).is_empty(), "once");
    let found = apply(&mut driver, "silent", beat(9, HOUR + 2 * MINUTE, 0));
    let [back] = found.as_slice() else {
        panic!("{found:?}")
    };
    assert_eq!(
        (back.state.as_str(), back.window_start),
        (Detection::RESOLVED, 2 * MINUTE)
    );
    assert_eq!(back.description, "resolved: silent");
    assert_eq!(pass(&mut driver, "silent", 2 * HOUR).len(), 1, "silent once more");
}

#[test]
fn a_sequence_is_told_once_for_its_first_event_and_within_its_cooldown() {
    let mut driver = driver();
    let mut told = |id, second: i64, n| {
        let found = apply(&mut driver, "pair", beat(id, second * 1000, n));
        found.into_iter().map(|found| found.event_ids).collect::<Vec<_>>()
    };
    assert!(told(1, 0, 1).is_empty());
    assert_eq!(told(2, 10, 2), [["e-1", "e-2"]]);
    assert!(told(3, 20, 2).is_empty(), "the first event is known");
    assert!(
        told(4, 30, 1).is_empty() && told(5, 31, 2).is_empty(),
        "half a minute later"
    );
    assert!(told(6, 70, 1).is_empty());
    assert_eq!(told(7, 71, 2), [["e-6", "e-7"]]);
    assert!(told(8, 200, 1).is_empty() && told(9, 201, 3).is_empty());
    assert!(told(10, 202, 2).is_empty(), "a third stands between");
}

#[test]
fn windows_that_tumble_are_judged_when_event_time_has_passed_them() {
    let mut driver = driver();
    let mut id = 0;
    let mut told = Vec::new();
    for minute in 0..80_i64 {
        let beats = if (70..74).contains(&minute) { 50 } else { 5 };
        for beat_of in 0..beats {
            id += 1;
            told.extend(apply(
                &mut driver,
                "many",
                beat(id, minute * MINUTE + beat_of * 1000, 0),
            ));
        }
    }
    let [fires, resolves] = told.as_slice() else {
        panic!("{told:?}")
    };
    assert_eq!(
        (fires.window_start, fires.time),
        (71 * MINUTE, 73 * MINUTE),
        "it held two minutes"
    );
    assert_eq!(fires.description, "50 where 5 is usual");
    assert_eq!(resolves.state, Detection::RESOLVED);
    let late = apply(&mut driver, "many", beat(id + 1, 70 * MINUTE, 0));
    assert!(late.is_empty());
    assert_eq!(driver.counts.late.get("many"), Some(&1));
}

#[test]
fn a_rare_value_is_told_once_it_is_known_what_is_usual() {
    let mut driver = driver();
    let mut told = |id, minute: i64, n| {
        let found = apply(&mut driver, "odd", beat(id, minute * MINUTE, n));
        found
            .into_iter()
            .map(|found| found.description)
            .collect::<Vec<_>>()
    };
    assert!((0..3).all(|id| told(id, id, 7).is_empty()));
    assert_eq!(told(4, 4, 8), ["8"]);
    assert!(told(5, 4, 9).is_empty(), "within the cooldown");
    assert!(told(6, 9, 8).is_empty(), "seen before");
    assert_eq!(told(7, 10, 10), ["10"]);
}

#[test]
fn a_flood_of_one_subject_keeps_little() {
    let mut driver = driver();
    for number in 0..20_000 {
        apply(&mut driver, "odd", beat(number, number * 5, number % 1000));
    }
    let mut kept = 0;
    driver
        .stores()
        .each(&mut |store: &mut dyn AnyStore| kept += usize::from(store.name() == "alerts") * store.len());
    assert_eq!(kept, 4, "one state a rule");
    let states = driver.log().iter().filter(|(store, ..)| *store == "alerts");
    let most = states
        .filter_map(|(_, _, value)| value.as_ref().map(Vec::len))
        .max();
    assert!(most.is_some_and(|most| most < 20_000), "{most:?} bytes");
}

#[test]
fn a_replay_tells_what_the_stage_tells() {
    let mut driver = driver();
    let minute = Duration::from_mins(1);
    let mut replay = Replay::new(&driving::rules(ALL), minute, minute);
    let (mut told, mut replayed) = (Vec::new(), Vec::new());
    for number in 0..3_000 {
        let event = beat(number, number * 7_000 + number / 500 * HOUR, number % 5);
        let cx = Cx::at(Topic::EventsNormalized, event.time);
        if let Settled::Out(found) = driver.apply(event.clone(), &cx) {
            told.extend(found);
        }
        told.append(&mut driver.fired);
        replayed.extend(replay.take(event, &cx));
    }
    assert!(told.len() > 10, "{}", told.len());
    assert_eq!(replayed, told);
}

proptest! {
    #[test]
    fn a_restart_changes_nothing(
        events in prop::collection::vec((0i64..600, 0i64..4, 0i64..3), 0..80), cut in 0usize..80)
    {
        let (mut whole, mut restarted) = (driver(), driver());
        for (number, (second, n, subject)) in (0_i64..).zip(events) {
            if usize::try_from(number).is_ok_and(|number| number == cut) {
                restarted = restarted.restarted();
            }
            let mut event = beat(number, second * 1000, n);
            event.subject = format!("host:{subject}");
            let cx = Cx::at(Topic::EventsNormalized, event.time);
            prop_assert_eq!(whole.apply(event.clone(), &cx), restarted.apply(event, &cx));
            prop_assert_eq!(&whole.fired, &restarted.fired);
        }
        prop_assert_eq!(whole.counts, restarted.counts);
    }
}
