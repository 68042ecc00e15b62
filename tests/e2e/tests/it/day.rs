//! A day with known truth, through one process and through one process a service.

use crate::installation::{Installation, lossy};
use scenario::day::Day;

const EVENTS: usize = 2_000;

/// Every service, each of which can be a process of its own.
pub(crate) const SERVICES: [&str; 9] = [
    "adapters",
    "normalizer",
    "scorer",
    "dedup-aggregator",
    "story-merger",
    "detector",
    "enricher",
    "notifier",
    "sink",
];

async fn equals_truth(installation: &Installation, seed: u64) {
    let (seed, events) = (seed.to_string(), EVENTS.to_string());
    let edge = installation.edge();
    let arguments = ["demo", "--attach", &edge, "--seed", &seed, "--events", &events];
    let mut demo = installation.command(&arguments);
    let output = tokio::task::spawn_blocking(move || demo.output())
        .await
        .expect("no panic")
        .expect("it runs");
    assert!(
        output.status.success(),
        "{}{}",
        lossy(&output.stdout),
        lossy(&output.stderr)
    );
    installation.check_webhooks().await;
    let flow = installation.flow(&[]);
    assert_eq!(
        (flow["conserves"].as_bool(), flow["drained"].as_bool()),
        (Some(true), Some(true)),
        "{flow}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn one_process_gives_what_is_expected() {
    let day = Day::new(11, EVENTS);
    let mut installation = Installation::new("day_in_one_process", &day).await;
    installation.start("all");
    installation.ready().await;
    equals_truth(&installation, 11).await;
    installation.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_a_service_gives_the_same() {
    let day = Day::new(12, EVENTS);
    let mut installation = Installation::new("day_in_many_processes", &day).await;
    for service in SERVICES {
        installation.start(service);
    }
    installation.ready().await;
    equals_truth(&installation, 12).await;
    installation.stop();
}
