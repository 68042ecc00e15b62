//! docker-compose.kafka.yml is valid Compose, and says the same as deploy/local.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use serde_json::Value;
use testkit::repository;

const SCHEMA: &str = include_str!("../compose-spec/compose-spec.json");

/// Places differ inside a container; everything else must be equal.
const PLACES: [&str; 5] = [
    "controller.quorum.voters",
    "listeners",
    "advertised.listeners",
    "listener.security.protocol.map",
    "log.dirs",
];

fn read(path: &str) -> String {
    fs::read_to_string(repository().join(path)).unwrap()
}

fn compose() -> Value {
    let text = read("docker-compose.kafka.yml");
    let mut read: serde_yaml_ng::Value = serde_yaml_ng::from_str(&text).unwrap();
    read.apply_merge().unwrap();
    serde_json::to_value(read).unwrap()
}

/// `KEY=value` lines, without comments.
fn assignments(text: &str) -> BTreeMap<String, String> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let pairs = lines.filter_map(|line| line.split_once('='));
    pairs
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn published(compose: &Value, service: &str) -> String {
    let port = &compose["services"][service]["ports"][0];
    port.as_str().unwrap().rsplit_once(':').unwrap().0.to_owned()
}

/// What deploy/local prints for a set that does not run, so that no port comes from a running one.
fn local_environment() -> String {
    let nowhere = repository().join("target/no-such-set");
    let ports = ["KAFKA", "KAFKA_CONTROLLER", "REGISTRY", "POSTGRES"];
    let mut command = Command::new(repository().join("deploy/local/parts"));
    command.arg("env").env("SLUICEBOX_DATA", nowhere);
    for part in ports {
        command.env_remove(format!("SLUICEBOX_{part}_PORT"));
    }
    String::from_utf8(command.output().unwrap().stdout).unwrap()
}

#[test]
fn the_file_follows_the_compose_specification() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<_> = validator
        .iter_errors(&compose())
        .map(|error| error.to_string())
        .collect();
    assert_eq!(errors, Vec::<String>::new());
}

#[test]
fn a_mistake_in_the_file_would_be_seen() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let mut wrong = compose();
    wrong["services"]["kafka"]["prots"] = Value::from(1);
    assert!(!jsonschema::is_valid(&schema, &wrong));
}

#[test]
fn the_versions_are_those_of_the_local_parts() {
    let versions = assignments(&read("deploy/local/versions"));
    let compose = compose();
    let image = |service: &str| compose["services"][service]["image"].as_str().unwrap().to_owned();
    assert_eq!(
        image("kafka"),
        format!("apache/kafka:{}", versions["KAFKA_VERSION"])
    );
    assert_eq!(
        image("postgres"),
        format!("postgres:{}", versions["POSTGRES_VERSION"])
    );
    assert_eq!(
        image("registry"),
        format!("sluicebox/schema-registry:{}", versions["REGISTRY_VERSION"])
    );
    assert!(versions["POSTGRES_BINARIES_VERSION"].starts_with(&format!("{}.", versions["POSTGRES_VERSION"])));
    let required = format!("axonops-schema-registry v{} ", versions["REGISTRY_VERSION"]);
    assert!(
        read("deploy/local/registry/go.mod").contains(&required),
        "go.mod requires another version"
    );
}

#[test]
fn the_ports_are_those_of_the_local_parts() {
    let local = local_environment();
    let compose = compose();
    for service in ["kafka", "registry", "postgres"] {
        let address = published(&compose, service);
        assert!(
            local.contains(&address),
            "{service} is at {address}, deploy/local says\n{local}"
        );
    }
    let advertised = &compose["services"]["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"];
    // Beside it there is a listener for the other containers.
    let outside = format!("PLAINTEXT://{}", published(&compose, "kafka"));
    assert_eq!(text_of(advertised).split(',').next(), Some(outside.as_str()));
}

#[test]
fn the_broker_is_configured_alike() {
    let compose = compose();
    let environment = &compose["services"]["kafka"]["environment"];
    for (key, value) in assignments(&read("deploy/local/kafka/server.properties")) {
        if !PLACES.contains(&key.as_str()) {
            let variable = format!("KAFKA_{}", key.replace('.', "_").to_uppercase());
            assert_eq!(text_of(&environment[&variable]), value, "{variable}");
        }
    }
}

#[test]
fn postgres_is_tuned_alike() {
    let local = read("deploy/local/steps/postgres.sh");
    let compose = compose();
    let command = compose["services"]["postgres"]["command"].as_array().unwrap();
    for option in command.iter().map(text_of).filter(|word| word.contains('=')) {
        assert!(local.contains(&option), "deploy/local does not set {option}");
    }
}
