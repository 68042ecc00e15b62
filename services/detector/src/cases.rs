//! Runs the `tests:` of detection files through the decisions of the stage. No Kafka, no clock, no I/O.

use std::collections::BTreeMap;

use model::{Event, Value};
use rules::{DetectionCase, DetectionRules, Fact, Facts, OwnedFact, TestOutcome, TimedEvent};

use crate::decide::decide;
use crate::stores::DetectorStores;

/// Lateness that the tests of rule files are run with.
const LATENESS_MS: i64 = 60_000;

/// Runs every test beside the rules.
pub fn run_tests(rules: &DetectionRules) -> Vec<TestOutcome> {
    rules.cases().iter().map(|case| run(rules, case)).collect()
}

fn run(rules: &DetectionRules, case: &DetectionCase) -> TestOutcome {
    let mut stores = DetectorStores::default();
    let mut got: BTreeMap<String, usize> = BTreeMap::new();
    for (number, timed) in case.events.iter().enumerate() {
        let event = event(number, timed);
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
    let failures = if got == wanted {
        Vec::new()
    } else {
        vec![format!("detections are {got:?}, expected {wanted:?}")]
    };
    TestOutcome {
        file: case.file.clone(),
        line: case.line,
        name: case.name.clone(),
        failures,
    }
}

fn event(number: usize, timed: &TimedEvent) -> Event {
    let text = |name: &str| match timed.facts.get(name) {
        Some(Fact::Str(text)) => text.to_owned(),
        _ => String::new(),
    };
    let data = timed
        .facts
        .0
        .iter()
        .filter_map(|(name, fact)| Some((name.strip_prefix("data.")?, value(fact)?)));
    Event {
        id: format!("event-{}", number + 1),
        kind: text("type"),
        subject: text("subject"),
        time: timed.at_ms,
        attributes: data.map(|(name, value)| (name.to_owned(), value)).collect(),
        ..Event::default()
    }
}

fn value(fact: &OwnedFact) -> Option<Value> {
    Some(match fact {
        OwnedFact::Null => Value::Null,
        OwnedFact::Bool(value) => Value::Bool(*value),
        OwnedFact::Long(value) => Value::Long(*value),
        OwnedFact::Double(value) => Value::Double(*value),
        OwnedFact::Str(text) => Value::String(text.clone()),
        OwnedFact::Moment(_) | OwnedFact::Span(_) | OwnedFact::StrList(_) => return None,
    })
}
