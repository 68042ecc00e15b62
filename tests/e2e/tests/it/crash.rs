//! Each stage is killed once in the middle of the stream, and the truth holds to the last number.

use crate::day::SERVICES;
use crate::installation::{Installation, PATIENCE, lossy};
use scenario::day::Day;
use std::time::Instant;

const EVENTS: usize = 3_000;
/// A stage is killed each time so many more records have come in.
const APART: u64 = 200;

#[tokio::test(flavor = "multi_thread")]
async fn the_truth_survives_the_death_of_every_stage() {
    let day = Day::new(13, EVENTS);
    let mut installation = Installation::new("death_of_every_stage", &day).await;
    for service in SERVICES {
        installation.start(service);
    }
    installation.ready().await;
    let (edge, events) = (installation.edge(), EVENTS.to_string());
    let mut demo = installation.command(&["demo", "--attach", &edge, "--seed", "13", "--events", &events]);
    let demo = tokio::task::spawn_blocking(move || demo.output());
    // The edge stays: whoever posts sees it die and sends again, which is another test.
    for (killed, service) in (1..).zip(&SERVICES[1..]) {
        reach(&installation, killed * APART);
        installation.kill_and_restart(service);
    }
    let output = demo.await.expect("no panic").expect("it runs");
    assert!(
        output.status.success(),
        "{}{}",
        lossy(&output.stdout),
        lossy(&output.stderr)
    );
    installation.check_webhooks().await;
    installation.ready().await;
    installation.stop();
}

/// Waits until the normalizer has read so many.
fn reach(installation: &Installation, records: u64) {
    let deadline = Instant::now() + PATIENCE;
    while installation.read("normalizer") < records {
        assert!(
            Instant::now() < deadline,
            "the normalizer does not reach {records} records"
        );
    }
}
