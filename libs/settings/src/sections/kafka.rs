//! The broker: where it is, how to be let in, how often to commit.

mod login;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, Serializer};

pub use login::{OauthSettings, SaslMechanism, SecurityProtocol};

use crate::problem::Problems;
use crate::secret::{REDACTED, Secret, debug_as_printed};
use crate::shape::ANY_KEY;

/// The broker.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KafkaSettings {
    /// `host:port`, several separated by commas. Default `127.0.0.1:19092`.
    pub brokers: String,
    /// Partitions of every topic of the stream. Default 12.
    pub partitions: u32,
    /// Copies of every partition. Default 1.
    pub replication_factor: u16,
    /// Threads per stage, each with its own consumer and producer. Default 1.
    pub lanes: u16,
    /// Longest time between two commits under load, ms. Default 100.
    pub commit_interval_ms: u64,
    /// Shortest time between two commits, ms: less latency costs the broker more. Default 20.
    pub min_commit_interval_ms: u64,
    /// After this silence the group takes a member's partitions away, ms. Default 10000.
    pub session_timeout_ms: u64,
    /// After this the broker aborts an open transaction, ms; below the session timeout. Default 9000.
    pub transaction_timeout_ms: u64,
    /// How far a record's time may be ahead of the clock of whoever wrote it, ms: what is beyond moves the clock of
    /// stores and timers no further. Default 300000.
    pub max_clock_ahead_ms: u64,
    /// Default `plaintext`.
    pub security_protocol: SecurityProtocol,
    /// `PLAIN`, `SCRAM-SHA-256`, `SCRAM-SHA-512` or `OAUTHBEARER`; needed with `sasl_*`.
    pub sasl_mechanism: Option<SaslMechanism>,
    /// Needed with `PLAIN` and `SCRAM-*`.
    pub sasl_username: Option<String>,
    /// Needed with `PLAIN` and `SCRAM-*`.
    pub sasl_password: Option<Secret>,
    /// Where tokens come from; needed with `OAUTHBEARER`.
    pub oauth: Option<OauthSettings>,
    /// File with the certificates to trust, PEM. Default: those of the system.
    pub ssl_ca_location: Option<String>,
    /// File with the certificate that this client shows (mTLS), PEM.
    pub ssl_certificate_location: Option<String>,
    /// File with the key of that certificate, PEM.
    pub ssl_key_location: Option<String>,
    /// Opens that key, if it is locked.
    pub ssl_key_password: Option<Secret>,
    /// Any other librdkafka property, passed through as it is.
    #[serde(serialize_with = "without_secrets")]
    pub properties: BTreeMap<String, String>,
}

debug_as_printed!(KafkaSettings);

impl Default for KafkaSettings {
    fn default() -> Self {
        Self {
            brokers: "127.0.0.1:19092".to_owned(),
            partitions: 12,
            replication_factor: 1,
            lanes: 1,
            commit_interval_ms: 100,
            min_commit_interval_ms: 20,
            session_timeout_ms: 10_000,
            transaction_timeout_ms: 9_000,
            max_clock_ahead_ms: 300_000,
            security_protocol: SecurityProtocol::Plaintext,
            sasl_mechanism: None,
            sasl_username: None,
            sasl_password: None,
            oauth: None,
            ssl_ca_location: None,
            ssl_certificate_location: None,
            ssl_key_location: None,
            ssl_key_password: None,
            properties: BTreeMap::new(),
        }
    }
}

impl KafkaSettings {
    pub(crate) fn specimen() -> Self {
        Self {
            sasl_mechanism: Some(SaslMechanism::Plain),
            sasl_username: Some(String::new()),
            sasl_password: Some(Secret::default()),
            oauth: Some(OauthSettings::specimen()),
            ssl_ca_location: Some(String::new()),
            ssl_certificate_location: Some(String::new()),
            ssl_key_location: Some(String::new()),
            ssl_key_password: Some(Secret::default()),
            properties: BTreeMap::from([(ANY_KEY.to_owned(), String::new())]),
            ..Self::default()
        }
    }

    pub(crate) fn check(&self, problems: &mut Problems) {
        let addresses = self.brokers.split(',').all(|address| {
            address
                .trim()
                .rsplit_once(':')
                .is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
        });
        problems.unless(
            addresses,
            "kafka.brokers",
            &self.brokers,
            "write host:port, several separated by commas",
        );
        problems.at_least_one("kafka.partitions", self.partitions.into());
        problems.at_least_one("kafka.replication_factor", self.replication_factor.into());
        problems.at_least_one("kafka.lanes", self.lanes.into());
        self.check_times(problems);
        login::check(self, problems);
        for key in [
            "isolation.level",
            "enable.auto.commit",
            "transactional.id",
            "enable.idempotence",
            "group.id",
        ] {
            if let Some(value) = self.properties.get(key) {
                let key = format!("kafka.properties.{key}");
                problems.add(
                    key,
                    value,
                    "is set by the runtime, because exactly-once depends on it; remove it",
                );
            }
        }
    }

    fn check_times(&self, problems: &mut Problems) {
        problems.unless(
            self.min_commit_interval_ms <= self.commit_interval_ms,
            "kafka.min_commit_interval_ms",
            self.min_commit_interval_ms,
            "must not be above kafka.commit_interval_ms",
        );
        problems.unless(
            self.commit_interval_ms < self.transaction_timeout_ms,
            "kafka.commit_interval_ms",
            self.commit_interval_ms,
            "must be below kafka.transaction_timeout_ms, or every transaction is aborted",
        );
        problems.unless(
            self.transaction_timeout_ms < self.session_timeout_ms,
            "kafka.transaction_timeout_ms",
            self.transaction_timeout_ms,
            "must be below kafka.session_timeout_ms: the open transaction of a dead replica holds back its successor",
        );
    }
}

fn without_secrets<S: Serializer>(
    properties: &BTreeMap<String, String>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    const TELLING: [&str; 6] = [
        "password",
        "passphrase",
        "secret",
        "key.pem",
        "sasl.oauthbearer.config",
        "sasl.jaas",
    ];
    serializer.collect_map(properties.iter().map(|(key, value)| {
        let hidden = TELLING.iter().any(|word| key.contains(word));
        (key, if hidden { REDACTED } else { value.as_str() })
    }))
}
