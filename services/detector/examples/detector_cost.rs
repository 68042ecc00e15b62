//! What detecting costs an event, changelog included:
//! `cargo run --release -p sluicebox-detector --example detector_cost`.

#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a measuring program prints, and stops where it cannot go on"
)]

use std::path::Path;
use std::time::{Duration, Instant};

use detector::{DetectorStage, open_rules};
use model::{Event, Value};
use stage::{AnyStore, Cx, Driver, Stores};
use topology::Topic;

const EVENTS: i64 = 200_000;
const USERS: i64 = 1000;

fn main() {
    let rules = open_rules(Path::new("rules/detections")).expect("run it from the root of the repository");
    for kind in ["user.login", "user.purchase", "user.click"] {
        for per_second in [100, 2000] {
            let mut driver = Driver::new(DetectorStage::new(&rules, Duration::from_mins(1)));
            let start = Instant::now();
            for number in 0..EVENTS {
                let time = number * 1000 / per_second;
                driver.apply_uncommitted(event(number, time, kind), &Cx::at(Topic::EventsNormalized, time));
                if number % 100 == 0 {
                    driver.commit();
                }
            }
            let nanos = start.elapsed().as_nanos() / u128::try_from(EVENTS).expect("positive");
            let mut keys = 0;
            driver
                .stores()
                .each(&mut |store: &mut dyn AnyStore| keys += store.len());
            println!(
                "{kind:<14} {per_second:>5}/s {nanos:>6} ns an event, {} detections, {keys} keys",
                driver.counts.out
            );
        }
    }
}

fn event(number: i64, time: i64, kind: &str) -> Event {
    let attributes = [
        ("success", Value::Bool(number % 7 != 0)),
        ("amount", Value::Double(20.0)),
    ];
    Event {
        id: format!("evt_{number:032x}"),
        source: "web".to_owned(),
        kind: kind.to_owned(),
        subject: format!("user:{}", number % USERS),
        time,
        attributes: attributes
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
        ..Event::default()
    }
}
