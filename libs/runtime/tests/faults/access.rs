//! Rights that are taken away while a stage runs, and given back.

use crate::place::{OwnBroker, STAGE};
use crate::tally::Tally;
use crate::watcher::Watcher;
use runtime::run_stage;
use std::sync::Arc;
use topology::Topic;

const AUTHORIZER: [(&str, &str); 2] = [
    (
        "authorizer.class.name",
        "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    ),
    ("allow.everyone.if.no.acl.found", "true"),
];

/// Adds or removes a rule of the broker.
fn rule(broker: &OwnBroker, arguments: &[&str]) {
    let brokers = broker.own.addresses().unwrap().brokers;
    let arguments = [&["--bootstrap-server", &brokers], arguments].concat();
    let tool = broker
        .own
        .kafka_tool("org.apache.kafka.tools.AclCommand", &arguments);
    tool.unwrap();
}

/// Takes one right away, sees the stage stop and say which, gives it back, and sees it go on.
fn taken_away(deny: &[&str], says: &str) {
    let broker = OwnBroker::start(&AUTHORIZER);
    let place = broker.place(&[]);
    place.produce(0..1_000);
    let watcher = Arc::new(Watcher::default());
    let shared = place.shared(&watcher);
    let running = run_stage(&shared, STAGE, || Tally).unwrap();
    watcher.wait_for_records(1_000);

    let denied = [&["--deny-principal", "User:ANONYMOUS"], deny].concat();
    rule(&broker, &[&["--add"], &denied[..]].concat());
    place.produce(1_000..2_000);
    let why = watcher.wait_for_failed();
    assert!(why.contains(says), "{why}");
    assert_eq!(running.join().unwrap_err().why, why);

    rule(&broker, &[&["--remove", "--force"], &denied[..]].concat());
    let shared = place.shared(&watcher);
    let running = run_stage(&shared, STAGE, || Tally).unwrap();
    watcher.wait_for_records(2_000);
    place.stop_and_count(&shared, running, 2_000);
}

#[test]
fn a_stage_that_may_no_longer_write_its_output_stops_and_names_the_right() {
    let topic = format!("t.{}", Topic::Signals.name());
    taken_away(
        &["--operation", "Write", "--topic", &topic],
        "grant this user read and write on the topics of the stream",
    );
}

#[test]
fn a_stage_that_may_no_longer_use_its_group_stops_and_names_the_right() {
    taken_away(
        &["--operation", "Read", "--group", "*"],
        "grant this user read on the stage's group",
    );
}
