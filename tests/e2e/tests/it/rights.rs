//! The stream with users who have the rights that `sluicebox topics acls` prints, and no other: one user a service.

use crate::day::SERVICES;
use crate::installation::{Installation, lossy};
use scenario::day::Day;
use std::collections::BTreeMap;
use testkit::{OwnParts, Part, Sandbox};

const LISTENER: &str = "listener.name.proxied.plain.sasl.jaas.config";

/// The password of every user.
const PASSWORD: &str = "least";

/// A broker on which those without a login may do everything, over a listener of their own, and users only what they
/// were granted.
fn strict() -> OwnParts {
    let mut own = OwnParts::new().expect("a folder and ports");
    let users = SERVICES
        .map(|service| format!(" user_{service}=\"{PASSWORD}\""))
        .concat();
    let module = format!("org.apache.kafka.common.security.plain.PlainLoginModule required{users};");
    for (name, value) in [
        (
            "authorizer.class.name",
            "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        ),
        ("super.users", "User:ANONYMOUS"),
        (
            "listener.security.protocol.map",
            "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,PROXIED:SASL_PLAINTEXT",
        ),
        ("listener.name.proxied.sasl.enabled.mechanisms", "PLAIN"),
        (LISTENER, &module),
    ] {
        own.set_kafka_property(name, value);
    }
    own.advertise_directly();
    own.up(&[Part::Postgres, Part::Kafka, Part::Registry])
        .expect("the servers start");
    own
}

/// What the program prints, as few calls of Kafka's own tool: it takes many topics of one operation at once.
fn grant(own: &OwnParts, installation: &Installation) {
    let printed = installation.succeeds(&["topics", "acls"]);
    let mut grouped: BTreeMap<Vec<String>, Vec<String>> = BTreeMap::new();
    for line in lossy(&printed.stdout).lines() {
        let (_, right) = line
            .split_once("--allow-principal ")
            .expect("a line names its user");
        let words: Vec<String> = right.split(' ').map(str::to_owned).collect();
        let (who_and_how, what) = words.split_at(words.len() - 2);
        let mut who_and_how = who_and_how.to_vec();
        // The notifier's two stages run as one user.
        if who_and_how[0].starts_with("User:notifier-") {
            "User:notifier".clone_into(&mut who_and_how[0]);
        }
        grouped.entry(who_and_how).or_default().extend(what.to_vec());
    }
    let brokers = own.addresses().expect("the servers run").brokers;
    for (who_and_how, what) in &grouped {
        let mut arguments = vec!["--bootstrap-server", &brokers, "--add", "--allow-principal"];
        arguments.extend(who_and_how.iter().chain(what).map(String::as_str));
        own.kafka_tool("org.apache.kafka.tools.AclCommand", &arguments)
            .expect("the broker takes the right");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_service_does_its_work_with_the_rights_that_are_printed_and_no_other() {
    let own = strict();
    let parts = own.addresses().expect("the servers run");
    let sandbox = Sandbox::on(&parts, "least_rights").await.expect("a database");
    let day = Day::new(1, 100);
    let mut installation = Installation::on(sandbox, &day).await;
    grant(&own, &installation);
    for service in SERVICES {
        let brokers = own.proxied_address().to_string();
        installation.start_with(
            service,
            &[
                ("SLUICEBOX__KAFKA__BROKERS", &brokers),
                ("SLUICEBOX__KAFKA__SECURITY_PROTOCOL", "sasl_plaintext"),
                ("SLUICEBOX__KAFKA__SASL_MECHANISM", "PLAIN"),
                ("SLUICEBOX__KAFKA__SASL_USERNAME", service),
                ("SLUICEBOX__KAFKA__SASL_PASSWORD", PASSWORD),
            ],
        );
    }
    installation.ready().await;

    let event = serde_json::json!({
        "specversion": "1.0", "id": "1", "source": "/rights", "type": "t", "data": {"text": "$BTC is up"}
    });
    installation.post(&event).await;
    installation.drain();
    assert_eq!(installation.texts("SELECT id FROM events").await, ["1"]);
    installation.stop();
}
