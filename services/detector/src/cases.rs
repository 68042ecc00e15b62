//! Runs the `tests:` of detection files through the decisions of the stage. No Kafka, no clock, no I/O.

use std::collections::BTreeMap;

use model::{Detection, Event, RawEvent, presented};
use rules::{DetectionCase, DetectionRules, Normalize, TestOutcome, TimedEvent};

use crate::decide::decide;
use crate::pattern;
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

/// How many detections of each rule.
type Counts = BTreeMap<String, usize>;

fn failures(rules: &DetectionRules, case: &DetectionCase, normalize: Normalize<'_>) -> Vec<String> {
    let mut stores = DetectorStores::default();
    let mut found = Vec::new();
    for (number, timed) in case.events.iter().enumerate() {
        let event = match normalize(raw(number, timed)) {
            Ok(event) => event,
            Err(why) => return vec![format!("event {} is none: {why}", number + 1)],
        };
        found.extend(decide(rules, LATENESS_MS, &event, &mut stores).detections);
        found.extend(pass(rules, event.time, &mut stores));
    }
    if let Some(until) = case.until_ms {
        found.extend(pass(rules, until.saturating_add(LATENESS_MS), &mut stores));
    }
    let compared = [
        ("detections", Detection::FIRING, &case.expect),
        ("resolved", Detection::RESOLVED, &case.resolved),
    ];
    let told = compared.map(|(what, state, wanted)| differs(what, &counts(&found, state), wanted));
    told.into_iter().flatten().collect()
}

/// Event time goes on to what an event of this time makes of it.
fn pass(rules: &DetectionRules, newest: i64, stores: &mut DetectorStores) -> Vec<Detection> {
    let mut found = Vec::new();
    stores.timers.observe(newest, newest);
    loop {
        let due = stores.timers.take_due(None);
        if due.is_empty() {
            return found;
        }
        for timer in due {
            found.extend(pattern::pass(timer.name, timer.fired_at, rules, stores));
        }
    }
}

fn counts(found: &[Detection], state: &str) -> Counts {
    let mut counts = Counts::new();
    for detection in found.iter().filter(|detection| detection.state == state) {
        *counts.entry(detection.rule.clone()).or_default() += 1;
    }
    counts
}

fn differs(what: &str, got: &Counts, wanted: &Counts) -> Option<String> {
    let wanted: Counts = wanted
        .iter()
        .filter(|(_, count)| **count > 0)
        .map(|(rule, count)| (rule.clone(), *count))
        .collect();
    (*got != wanted).then(|| format!("{what} are {got:?}, expected {wanted:?}"))
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
