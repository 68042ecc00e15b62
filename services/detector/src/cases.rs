//! Runs the `tests:` of detection files through the decisions of the stage. No Kafka, no clock, no I/O.

use std::collections::BTreeMap;

use model::{Event, RawEvent, presented};
use rules::{DetectionCase, DetectionRules, Normalize, TestOutcome, TimedEvent};

use crate::decide::decide;
use crate::stores::DetectorStores;

/// Lateness that the tests of rule files are run with.
const LATENESS_MS: i64 = 60_000;

/// Runs every test beside the rules, on events of which only the data is presented as the stream does.
pub fn run_tests(rules: &DetectionRules) -> Vec<TestOutcome> {
    run_normalized_tests(rules, &|raw| Ok(plain(raw)))
}

/// The same on events as the normalizer makes them.
pub fn run_normalized_tests(rules: &DetectionRules, normalize: Normalize<'_>) -> Vec<TestOutcome> {
    rules
        .cases()
        .iter()
        .map(|case| TestOutcome {
            file: case.file.clone(),
            line: case.line,
            name: case.name.clone(),
            failures: failures(rules, case, normalize),
        })
        .collect()
}

fn failures(rules: &DetectionRules, case: &DetectionCase, normalize: Normalize<'_>) -> Vec<String> {
    let mut stores = DetectorStores::default();
    let mut got: BTreeMap<String, usize> = BTreeMap::new();
    for (number, timed) in case.events.iter().enumerate() {
        let event = match normalize(raw(number, timed)) {
            Ok(event) => event,
            Err(why) => return vec![format!("event {} is none: {why}", number + 1)],
        };
        for found in decide(rules, LATENESS_MS, &event, &mut stores).detections {
            *got.entry(found.rule).or_default() += 1;
        }
    }
    let wanted: BTreeMap<String, usize> = case
        .expect
        .iter()
        .filter(|(_, count)| **count > 0)
        .map(|(rule, count)| (rule.clone(), *count))
        .collect();
    if got == wanted {
        Vec::new()
    } else {
        vec![format!("detections are {got:?}, expected {wanted:?}")]
    }
}

fn raw(number: usize, timed: &TimedEvent) -> RawEvent {
    RawEvent {
        id: format!("event-{}", number + 1),
        time: Some(timed.at_ms),
        ..timed.given.raw().clone()
    }
}

fn plain(raw: RawEvent) -> Event {
    let text = raw
        .data
        .as_deref()
        .and_then(|data| std::str::from_utf8(data).ok());
    let json = text.and_then(|text| model::Json::read(text, 64).ok());
    Event {
        attributes: json
            .map(|json| presented::present(json.root()))
            .unwrap_or_default(),
        id: raw.id,
        kind: raw.kind,
        subject: raw.subject.unwrap_or_default(),
        time: raw.time.unwrap_or_default(),
        ..Event::default()
    }
}
