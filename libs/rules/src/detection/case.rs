//! `tests:` beside detection rules: events with times given, detections by rule expected. They are run
//! by the detector, which knows windows. No I/O.

use std::collections::BTreeMap;

use crate::fact::FactList;
use crate::file::{Fields, Reader};
use crate::given::Given;

const CASE_KEYS: &[&str] = &["name", "events", "until", "expect", "resolved"];
const EVENT_KEYS: &[&str] = &["type", "at", "times", "every", "subject", "data"];
const MAX_EVENTS: u32 = 10_000;

/// One test of a detection file.
#[derive(Debug, Clone)]
pub struct DetectionCase {
    /// The rule file.
    pub file: String,
    /// Line of the test.
    pub line: usize,
    /// Its name.
    pub name: String,
    /// The events, in the order in which they arrive.
    pub events: Vec<TimedEvent>,
    /// How long event time goes on after the start without an event; `None` for no longer than the last event.
    pub until_ms: Option<i64>,
    /// How many detections of each rule there must be; rules not named must have none.
    pub expect: BTreeMap<String, usize>,
    /// How many of each rule must be told to hold no more.
    pub resolved: BTreeMap<String, usize>,
}

/// An event of a test.
#[derive(Debug, Clone)]
pub struct TimedEvent {
    /// Milliseconds after the start of the test.
    pub at_ms: i64,
    /// Its fields, `data.*` included.
    pub given: Given,
}

pub(super) fn read(reader: &mut Reader<'_>, root: &Fields<'_>) -> Vec<DetectionCase> {
    let mut cases = Vec::new();
    for item in reader.list(root, "tests") {
        let Some(case) = reader.fields(item, "a test", CASE_KEYS) else {
            continue;
        };
        let mut events = Vec::new();
        for item in reader.list(&case, "events") {
            if let Some(event) = reader.fields(item, "an event of a test", EVENT_KEYS) {
                read_events(reader, &event, &mut events);
            }
        }
        if case.get("expect").is_none() {
            reader.missing::<()>(&case, "expect");
        }
        let expect = read_counts(reader, &case, "expect");
        let resolved = read_counts(reader, &case, "resolved");
        let until_ms = reader.span_ms(&case, "until");
        let name = reader.required_text(&case, "name").unwrap_or_default();
        let (file, line) = (reader.file.to_owned(), case.place.line);
        cases.push(DetectionCase {
            file,
            line,
            name,
            events,
            until_ms,
            expect,
            resolved,
        });
    }
    cases
}

/// `times: 11, every: 5s` writes eleven events as one.
fn read_events(reader: &mut Reader<'_>, event: &Fields<'_>, events: &mut Vec<TimedEvent>) {
    let mut facts = FactList::default();
    for key in ["type", "subject"] {
        if let Some(text) = reader.text(event, key) {
            facts = facts.with(key, crate::OwnedFact::Str(text));
        }
    }
    if let Some(data) = event.get("data") {
        reader.data(data, &mut facts.0);
    }
    let given = Given::new(facts, FactList::default(), event.get("data"));
    let at = reader.span_ms(event, "at").unwrap_or(0);
    let every = reader.span_ms(event, "every").unwrap_or(0);
    let times = if event.get("times").is_some() {
        reader.count(event, "times").unwrap_or(1)
    } else {
        1
    };
    for number in 0..i64::from(times.min(MAX_EVENTS)) {
        let at_ms = at.saturating_add(every.saturating_mul(number));
        events.push(TimedEvent {
            at_ms,
            given: given.clone(),
        });
    }
}

/// `{rule: 2}`: how many of each rule.
fn read_counts(reader: &mut Reader<'_>, case: &Fields<'_>, name: &'static str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for (key, value) in reader.entries(case, name, "a mapping of rules to numbers of detections") {
        let count = value.text().and_then(|text| text.trim().parse().ok());
        if let (Some(rule), Some(count)) = (key.text(), count) {
            counts.insert(rule.to_owned(), count);
        } else {
            let key = key.text().unwrap_or(name).to_owned();
            reader.fail(
                value.place,
                crate::Fault::WrongKind {
                    key,
                    wanted: "a number of detections",
                },
            );
        }
    }
    counts
}
