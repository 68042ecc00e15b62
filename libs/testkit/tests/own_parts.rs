//! A test's own servers can be killed, paused and started again, and go with it.
#![expect(clippy::unwrap_used, reason = "a failing test says enough")]

use std::net::TcpStream;
use testkit::{OwnParts, Part};

fn state(pid: u32) -> char {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    stat.rsplit_once(") ").unwrap().1.chars().next().unwrap()
}

#[test]
fn a_broker_of_its_own_is_killed_started_again_and_paused() {
    let own = OwnParts::new()
        .unwrap()
        .with_kafka_property("message.max.bytes", "20000");
    own.up(&[Part::Kafka]).unwrap();
    let brokers = own.addresses().unwrap().brokers;
    let first = own.pids(Part::Kafka).unwrap();
    TcpStream::connect(&brokers).unwrap();
    TcpStream::connect(own.proxied_address()).unwrap();

    own.kill(Part::Kafka).unwrap();
    TcpStream::connect(&brokers).unwrap_err();
    assert!(own.pids(Part::Kafka).unwrap().is_empty());
    assert!(own.kill(Part::Kafka).is_err(), "it does not run");

    own.up(&[Part::Kafka]).unwrap();
    let second = own.pids(Part::Kafka).unwrap();
    assert_ne!(first, second);
    own.pause(Part::Kafka).unwrap();
    assert_eq!(state(second[0]), 'T');
    own.resume(Part::Kafka).unwrap();

    let entity = [
        "--bootstrap-server",
        &brokers,
        "--entity-type",
        "brokers",
        "--entity-name",
        "1",
    ];
    let described = own
        .kafka_tool(
            "kafka.admin.ConfigCommand",
            &[&entity[..], &["--describe", "--all"]].concat(),
        )
        .unwrap();
    assert!(described.contains("message.max.bytes=20000"), "{described}");

    let folder = own.folder().to_owned();
    drop(own);
    assert!(!folder.exists());
    TcpStream::connect(&brokers).unwrap_err();
}
