//! How a client is let in by the broker: encryption, certificates, passwords, tokens.

use serde::{Deserialize, Serialize};

use super::KafkaSettings;
use crate::problem::Problems;
use crate::secret::{Secret, debug_as_printed};

/// How the connection is protected, in librdkafka's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecurityProtocol {
    /// Neither encryption nor login.
    Plaintext,
    /// Encryption; with a certificate of the client also a login (mTLS).
    Ssl,
    /// Encryption and login.
    SaslSsl,
    /// Login without encryption.
    SaslPlaintext,
}

impl SecurityProtocol {
    /// The value of librdkafka's `security.protocol`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plaintext => "plaintext",
            Self::Ssl => "ssl",
            Self::SaslSsl => "sasl_ssl",
            Self::SaslPlaintext => "sasl_plaintext",
        }
    }

    fn has_login(self) -> bool {
        matches!(self, Self::SaslSsl | Self::SaslPlaintext)
    }

    fn is_encrypted(self) -> bool {
        matches!(self, Self::SaslSsl | Self::Ssl)
    }
}

/// How a client proves who it is, in the names that Kafka gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SaslMechanism {
    /// The password as it is (RFC 4616): only over an encrypted connection.
    #[serde(rename = "PLAIN")]
    Plain,
    /// RFC 5802 with SHA-256.
    #[serde(rename = "SCRAM-SHA-256")]
    ScramSha256,
    /// RFC 5802 with SHA-512.
    #[serde(rename = "SCRAM-SHA-512")]
    ScramSha512,
    /// A token of an `OpenID` provider (RFC 7628, KIP-768).
    #[serde(rename = "OAUTHBEARER")]
    OauthBearer,
}

impl SaslMechanism {
    /// The value of librdkafka's `sasl.mechanism`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha512 => "SCRAM-SHA-512",
            Self::OauthBearer => "OAUTHBEARER",
        }
    }
}

/// The `OpenID` provider that gives tokens for client credentials (RFC 6749, section 4.4).
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OauthSettings {
    /// `https://provider/oauth2/token`. Its query is not shown.
    #[serde(serialize_with = "crate::secret::without_query")]
    pub token_endpoint: String,
    /// Who we are there.
    pub client_id: String,
    /// What proves it.
    pub client_secret: Secret,
    /// The scope that is asked for, if any.
    pub scope: Option<String>,
    /// SASL extensions, `key=value` separated by commas; some hosted brokers ask for them.
    pub extensions: Option<String>,
}

debug_as_printed!(OauthSettings);

impl OauthSettings {
    pub(crate) fn specimen() -> Self {
        Self {
            scope: Some(String::new()),
            extensions: Some(String::new()),
            ..Self::default()
        }
    }

    fn check(&self, problems: &mut Problems) {
        problems.http_url("kafka.oauth.token_endpoint", &self.token_endpoint);
        problems.unless(
            !self.client_id.is_empty(),
            "kafka.oauth.client_id",
            &self.client_id,
            "is needed with OAUTHBEARER",
        );
        if self.client_secret.expose().is_empty() {
            problems.add_hidden("kafka.oauth.client_secret", "is needed with OAUTHBEARER");
        }
    }
}

/// Notes what does not go together.
pub(super) fn check(kafka: &KafkaSettings, problems: &mut Problems) {
    if kafka.security_protocol.has_login() {
        check_login(kafka, problems);
    }
    check_certificate(kafka, problems);
}

fn check_login(kafka: &KafkaSettings, problems: &mut Problems) {
    let with_password = [
        ("kafka.sasl_username", kafka.sasl_username.is_some()),
        ("kafka.sasl_password", kafka.sasl_password.is_some()),
    ];
    let (needed, why): (&[_], _) = match (kafka.sasl_mechanism, &kafka.oauth) {
        (None, _) => (
            &[("kafka.sasl_mechanism", false)],
            "is needed with this kafka.security_protocol",
        ),
        (Some(SaslMechanism::OauthBearer), None) => (
            &[("kafka.oauth", false)],
            "is needed with kafka.sasl_mechanism: OAUTHBEARER",
        ),
        (Some(SaslMechanism::OauthBearer), Some(oauth)) => {
            oauth.check(problems);
            (&[], "")
        }
        (Some(_), _) => (&with_password, "is needed with this kafka.sasl_mechanism"),
    };
    for (key, _) in needed.iter().filter(|(_, given)| !given) {
        problems.add_hidden(*key, why);
    }
}

fn check_certificate(kafka: &KafkaSettings, problems: &mut Problems) {
    let (certificate, key) = (&kafka.ssl_certificate_location, &kafka.ssl_key_location);
    if certificate.is_some() != key.is_some() {
        problems.add_hidden(
            "kafka.ssl_certificate_location",
            "give both kafka.ssl_certificate_location and kafka.ssl_key_location, or neither",
        );
    }
    let files = [&kafka.ssl_ca_location, certificate];
    if files.into_iter().any(Option::is_some) && !kafka.security_protocol.is_encrypted() {
        problems.add(
            "kafka.security_protocol",
            kafka.security_protocol.as_str(),
            "uses no certificates, but some are given: write ssl or sasl_ssl",
        );
    }
}
