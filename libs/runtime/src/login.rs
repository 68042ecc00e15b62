//! How a client is let in by the broker, in librdkafka's properties. It touches no file and no network.

use rdkafka::config::ClientConfig;
use settings::{KafkaSettings, SaslMechanism, Secret};

/// Sets what the settings say of encryption, certificates and logins. librdkafka checks the broker's certificate and its
/// name by itself (`ssl.endpoint.identification.algorithm`).
pub(crate) fn set(config: &mut ClientConfig, kafka: &KafkaSettings) {
    config.set("security.protocol", kafka.security_protocol.as_str());
    let given = [
        ("sasl.mechanism", kafka.sasl_mechanism.map(SaslMechanism::as_str)),
        ("sasl.username", kafka.sasl_username.as_deref()),
        ("sasl.password", kafka.sasl_password.as_ref().map(Secret::expose)),
        ("ssl.ca.location", kafka.ssl_ca_location.as_deref()),
        (
            "ssl.certificate.location",
            kafka.ssl_certificate_location.as_deref(),
        ),
        ("ssl.key.location", kafka.ssl_key_location.as_deref()),
        (
            "ssl.key.password",
            kafka.ssl_key_password.as_ref().map(Secret::expose),
        ),
    ];
    for (key, value) in given {
        if let Some(value) = value {
            config.set(key, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use settings::SecurityProtocol;

    #[test]
    fn a_certificate_and_its_key_reach_the_client() {
        let kafka = KafkaSettings {
            security_protocol: SecurityProtocol::Ssl,
            ssl_certificate_location: Some("me.crt".to_owned()),
            ssl_key_location: Some("me.key".to_owned()),
            ssl_key_password: Some(Secret::new("hunter2")),
            ..KafkaSettings::default()
        };
        let mut config = ClientConfig::new();
        set(&mut config, &kafka);
        assert_eq!(config.get("ssl.certificate.location"), Some("me.crt"));
        assert_eq!(config.get("ssl.key.location"), Some("me.key"));
        assert_eq!(config.get("ssl.key.password"), Some("hunter2"));
        assert_eq!(config.get("sasl.mechanism"), None);
    }
}
