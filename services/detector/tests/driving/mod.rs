//! The stage as tests of patterns drive it: rules that are written in the test, and all that one event leads to.

use std::time::Duration;

use detector::DetectorStage;
use model::{Detection, Event};
use rules::{DetectionRules, explain};
use settings::Watched;
use stage::{Cx, Driver, Settled};
use topology::Topic;

pub(crate) fn rules(text: &str) -> Watched<DetectionRules> {
    let rules = DetectionRules::parse(&[("r.yml", text)], &|_| None);
    Watched::fixed(rules.unwrap_or_else(|errors| panic!("{}", explain(&errors))))
}

pub(crate) fn driver(text: &str, lateness: Duration) -> Driver<DetectorStage> {
    Driver::new(DetectorStage::new(&rules(text), lateness))
}

/// What the event leads to, and what the event time that it brings.
pub(crate) fn apply(driver: &mut Driver<DetectorStage>, event: Event) -> Vec<Detection> {
    let cx = Cx::at(Topic::EventsNormalized, event.time);
    let mut found = match driver.apply(event, &cx) {
        Settled::Out(found) => found,
        Settled::Filtered(_) | Settled::Duplicate => Vec::new(),
        Settled::Dead(poison) => panic!("{poison}"),
    };
    found.append(&mut driver.fired);
    found
}
