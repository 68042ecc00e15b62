//! How a client is let in by the broker, in librdkafka's properties. It touches no file and no network.

use rdkafka::config::ClientConfig;
use settings::{KafkaSettings, OauthSettings, SaslMechanism, Secret};

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
    set_given(config, &given);
    if let Some(oauth) = kafka.oauth.as_ref().filter(|_| by_token(kafka)) {
        set_oauth(config, oauth);
    }
}

fn by_token(kafka: &KafkaSettings) -> bool {
    kafka.sasl_mechanism == Some(SaslMechanism::OauthBearer)
}

/// librdkafka fetches tokens itself, and new ones before they expire (KIP-768).
fn set_oauth(config: &mut ClientConfig, oauth: &OauthSettings) {
    config
        .set("sasl.oauthbearer.method", "oidc")
        .set("sasl.oauthbearer.token.endpoint.url", &oauth.token_endpoint)
        .set("sasl.oauthbearer.client.id", &oauth.client_id)
        .set("sasl.oauthbearer.client.secret", oauth.client_secret.expose());
    let given = [
        ("sasl.oauthbearer.scope", oauth.scope.as_deref()),
        ("sasl.oauthbearer.extensions", oauth.extensions.as_deref()),
    ];
    set_given(config, &given);
}

fn set_given(config: &mut ClientConfig, properties: &[(&str, Option<&str>)]) {
    for (key, value) in properties {
        if let Some(value) = value {
            config.set(*key, *value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use settings::SecurityProtocol;

    #[test]
    fn a_token_is_fetched_only_where_the_mechanism_asks_for_one() {
        let kafka = |mechanism| KafkaSettings {
            security_protocol: SecurityProtocol::SaslSsl,
            sasl_mechanism: Some(mechanism),
            oauth: Some(OauthSettings {
                token_endpoint: "https://idp/token".to_owned(),
                client_id: "stream".to_owned(),
                client_secret: Secret::new("hunter2"),
                ..OauthSettings::default()
            }),
            ..KafkaSettings::default()
        };
        let mut config = ClientConfig::new();
        set(&mut config, &kafka(SaslMechanism::OauthBearer));
        assert_eq!(config.get("sasl.oauthbearer.method"), Some("oidc"));
        assert_eq!(config.get("sasl.oauthbearer.client.secret"), Some("hunter2"));
        assert_eq!(config.get("sasl.oauthbearer.scope"), None);
        let mut config = ClientConfig::new();
        set(&mut config, &kafka(SaslMechanism::ScramSha512));
        assert_eq!(config.get("sasl.mechanism"), Some("SCRAM-SHA-512"));
        assert_eq!(config.get("sasl.oauthbearer.method"), None);
    }
}
