//! The broker is away, forgets who coordinates, or has no space left.

use crate::place::{OwnBroker, STAGE};
use crate::tally::Tally;
use crate::watcher::{PATIENCE, Watcher};
use proxy::ApiKey;
use runtime::run_stage;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};
use testkit::Part;

/// Restarted, the broker also loads group and transaction coordinators anew, so clients are told for a while that they
/// are loading or elsewhere.
#[test]
fn a_broker_that_is_killed_is_waited_for_and_the_lane_says_so() {
    let broker = OwnBroker::start(&[]);
    let place = broker.place(&[]);
    place.produce(0..1_000);
    let watcher = Arc::new(Watcher::default());
    let shared = place.shared(&watcher);
    let running = run_stage(&shared, STAGE, || Tally).unwrap();
    watcher.wait_for_records(1_000);

    let before = watcher.states();
    broker.own.kill(Part::Kafka).unwrap();
    let why = watcher.wait_for_waiting(before);
    assert!(why.contains("broker"), "{why}");
    let before = watcher.states();
    broker.own.up(&[Part::Kafka]).unwrap();
    watcher.wait_for_running(before);

    place.produce(1_000..2_000);
    watcher.wait_for_records(2_000);
    place.stop_and_count(&shared, running, 2_000);
}

/// Nobody knows then whether the commit came to pass: the lane asks the broker, not its memory.
#[test]
fn a_broker_that_is_killed_with_a_commit_on_its_way_loses_and_doubles_nothing() {
    let broker = OwnBroker::start(&[]);
    let place = broker.place(&[]);
    place.produce(0..1_000);
    let watcher = Arc::new(Watcher::default());
    let mut shared = broker.behind_proxy(place.shared(&watcher));
    shared.kafka.transaction_timeout_ms = 60_000;
    let commit = broker.proxy.hold_next(ApiKey::END_TXN);
    let running = run_stage(&shared, STAGE, || Tally).unwrap();
    commit.arrived(PATIENCE).unwrap();
    broker.own.kill(Part::Kafka).unwrap();
    drop(commit);
    broker.own.up(&[Part::Kafka]).unwrap();

    place.produce(1_000..2_000);
    watcher.wait_for_records(2_000);
    place.stop_and_count(&shared, running, 2_000);
}

/// What the transaction would have committed is done again by whoever comes next.
#[test]
fn a_stage_that_is_told_to_stop_with_a_commit_on_its_way_does_not_wait_for_it() {
    let broker = OwnBroker::start(&[]);
    let place = broker.place(&[]);
    place.produce(0..1_000);
    let watcher = Arc::new(Watcher::default());
    let mut shared = broker.behind_proxy(place.shared(&watcher));
    // Longer than the test is patient.
    shared.kafka.transaction_timeout_ms = 600_000;
    let commit = broker.proxy.hold_next(ApiKey::END_TXN);
    let running = run_stage(&shared, STAGE, || Tally).unwrap();
    commit.arrived(PATIENCE).unwrap();
    broker.proxy.pause();
    shared.stop.set();
    watcher.wait_for_stopped();
    running.join().unwrap();
    // The request never arrives, and the client, which a process would take with it, cannot send it again.
    broker.proxy.cut();
    drop(commit);

    let shared = place.shared(&watcher);
    let running = run_stage(&shared, STAGE, || Tally).unwrap();
    watcher.wait_for_records(1_000);
    place.stop_and_count(&shared, running, 1_000);
}

/// No file of the broker may grow any more, which is what a full disk is to it; it works for every user.
fn fill_the_disk(broker: &OwnBroker) {
    for pid in broker.own.pids(Part::Kafka).unwrap() {
        let limited = Command::new("prlimit")
            .args(["--fsize=1:", "--pid", &pid.to_string()])
            .status();
        assert!(
            limited.unwrap().success(),
            "prlimit (util-linux) limits the broker"
        );
    }
}

/// A broker whose only folder fails ends itself, so to the stage this is a broker that is away.
#[test]
fn a_full_disk_is_waited_out() {
    let broker = OwnBroker::start(&[]);
    let place = broker.place(&[]);
    place.produce(0..1_000);
    let watcher = Arc::new(Watcher::default());
    let shared = broker.behind_proxy(place.shared(&watcher));
    let running = run_stage(&shared, STAGE, || Tally).unwrap();
    watcher.wait_for_records(1_000);

    let before = watcher.states();
    broker.proxy.pause();
    place.produce(1_000..2_000);
    fill_the_disk(&broker);
    broker.proxy.resume();
    watcher.wait_for_waiting(before);
    let deadline = Instant::now() + PATIENCE;
    while !broker.own.pids(Part::Kafka).unwrap().is_empty() {
        assert!(Instant::now() < deadline, "a broker without a disk ends itself");
        std::thread::sleep(Duration::from_millis(100));
    }
    // The limit went with the process: there is space again.
    broker.own.up(&[Part::Kafka]).unwrap();

    place.produce(2_000..3_000);
    watcher.wait_for_records(3_000);
    place.stop_and_count(&shared, running, 3_000);
}
