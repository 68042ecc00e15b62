//! Brokers that let in only who proves who he is: by a password, a token or a certificate, over TLS.

use crate::place::{Place, STAGE};
use crate::provider::{AUDIENCE, CLIENT, Provider, SECRET};
use crate::tally::Tally;
use crate::watcher::{PATIENCE, Watcher};
use proxy::{Proxy, Speaks};
use runtime::{Shared, run_stage};
use settings::{KafkaSettings, OauthSettings, SaslMechanism, Secret, SecurityProtocol};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;
use testkit::{Authority, OwnParts, Part};

/// A broker whose listener for clients is closed to strangers; topics are made past it.
struct Guarded {
    own: OwnParts,
    proxy: Proxy,
    place: Place,
    authority: PathBuf,
    folder: tempfile::TempDir,
    issuer: Authority,
}

impl Guarded {
    fn start(protocol: &str, properties: &[(&str, &str)]) -> Self {
        Self::started(protocol, properties, OwnParts::new().unwrap())
    }

    fn started(protocol: &str, properties: &[(&str, &str)], mut own: OwnParts) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let issuer = Authority::new("authority").unwrap();
        let authority = written(folder.path(), "authority.pem", &issuer.pem());
        let server = identity(&issuer, folder.path(), "127.0.0.1");
        let map = format!("PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,PROXIED:{protocol}");
        own.set_kafka_property("listener.security.protocol.map", &map);
        for store in ["keystore", "truststore"] {
            own.set_kafka_property(&format!("ssl.{store}.type"), "PEM");
        }
        own.set_kafka_property("ssl.keystore.location", &both(&server, folder.path()));
        own.set_kafka_property("ssl.truststore.location", &authority.display().to_string());
        for (name, value) in properties {
            own.set_kafka_property(name, value);
        }
        own.up(&[Part::Kafka]).unwrap();
        let proxy = Proxy::start(own.proxy_address(), own.proxied_address(), Speaks::Anything).unwrap();
        let place = Place::on(own.addresses().unwrap().brokers);
        Self {
            own,
            proxy,
            place,
            authority,
            folder,
            issuer,
        }
    }

    /// What a lane needs, with this login.
    fn shared(&self, watcher: &Arc<Watcher>, login: impl FnOnce(&mut KafkaSettings)) -> Shared {
        let mut shared = self.place.shared(watcher);
        shared.kafka.brokers = self.proxy.address().to_string();
        shared.kafka.security_protocol = SecurityProtocol::SaslSsl;
        shared.kafka.ssl_ca_location = Some(self.authority.display().to_string());
        login(&mut shared.kafka);
        shared
    }

    /// A stage with this login does its work.
    fn lets_in(&self, instance: &str, events: usize, login: impl FnOnce(&mut KafkaSettings)) {
        let watcher = Arc::new(Watcher::default());
        let shared = Shared {
            instance: instance.to_owned(),
            ..self.shared(&watcher, login)
        };
        let running = run_stage(&shared, STAGE, || Tally).unwrap();
        self.place.produce(events - 100..events);
        watcher.wait_for_records(100);
        self.place.stop_and_count(&shared, running, events);
    }

    /// A stage with this login waits, and says what to look at: a broker that starts says the same.
    fn refuses(&self, login: impl FnOnce(&mut KafkaSettings)) {
        let watcher = Arc::new(Watcher::default());
        let shared = self.shared(&watcher, login);
        let running = run_stage(&shared, STAGE, || Tally).unwrap();
        let why = watcher.wait_for_waiting(0);
        let says = "check `kafka.sasl_*` and `kafka.oauth`";
        assert!(
            why.contains("the login is refused") && why.contains(says),
            "{why}"
        );
        shared.stop.set();
        running.join().unwrap();
    }
}

/// Certificate and key of this name, as files.
fn identity(issuer: &Authority, folder: &Path, name: &str) -> (PathBuf, PathBuf) {
    let identity = issuer.issue(name).unwrap();
    (
        written(folder, &format!("{name}.crt"), &identity.certificate_pem()),
        written(folder, &format!("{name}.key"), &identity.key_pem()),
    )
}

/// Key and certificate in one file, as Kafka's PEM stores have it (KIP-651).
fn both((certificate, key): &(PathBuf, PathBuf), folder: &Path) -> String {
    let text = [key, certificate]
        .map(|path| fs::read_to_string(path).unwrap())
        .concat();
    written(folder, "server.pem", &text).display().to_string()
}

fn written(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    path
}

fn password(mechanism: SaslMechanism, password: &str) -> impl FnOnce(&mut KafkaSettings) {
    let password = Secret::new(password);
    move |kafka| {
        kafka.sasl_mechanism = Some(mechanism);
        kafka.sasl_username = Some("stream".to_owned());
        kafka.sasl_password = Some(password);
    }
}

fn scram(own: &OwnParts, mechanism: &str) {
    let brokers = own.addresses().unwrap().brokers;
    let config = format!("{mechanism}=[password=scram-secret]");
    let arguments = [
        "--bootstrap-server",
        &brokers,
        "--alter",
        "--entity-type",
        "users",
        "--entity-name",
        "stream",
        "--add-config",
        &config,
    ];
    own.kafka_tool("kafka.admin.ConfigCommand", &arguments).unwrap();
}

const LOGIN: &str = "listener.name.proxied";

#[test]
fn passwords_open_a_broker_that_is_closed_to_strangers() {
    let module = |name: &str| format!("org.apache.kafka.common.security.{name} required");
    let by_password = format!(
        "{} user_stream=\"plain-secret\";",
        module("plain.PlainLoginModule")
    );
    let by_scram = format!("{};", module("scram.ScramLoginModule"));
    let properties = [
        (
            format!("{LOGIN}.sasl.enabled.mechanisms"),
            "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
        ),
        (format!("{LOGIN}.plain.sasl.jaas.config"), &by_password),
        (format!("{LOGIN}.scram-sha-256.sasl.jaas.config"), &by_scram),
        (format!("{LOGIN}.scram-sha-512.sasl.jaas.config"), &by_scram),
    ];
    let properties: Vec<_> = properties
        .iter()
        .map(|(name, value)| (name.as_str(), *value))
        .collect();
    let broker = Guarded::start("SASL_SSL", &properties);
    for mechanism in ["SCRAM-SHA-256", "SCRAM-SHA-512"] {
        scram(&broker.own, mechanism);
    }

    broker.refuses(password(SaslMechanism::Plain, "wrong"));
    broker.refuses(password(SaslMechanism::ScramSha512, "wrong"));
    broker.lets_in("plain", 100, password(SaslMechanism::Plain, "plain-secret"));
    broker.lets_in(
        "scram-256",
        200,
        password(SaslMechanism::ScramSha256, "scram-secret"),
    );
    broker.lets_in(
        "scram-512",
        300,
        password(SaslMechanism::ScramSha512, "scram-secret"),
    );
}

fn token(provider: &Provider, secret: &str) -> impl FnOnce(&mut KafkaSettings) {
    let oauth = OauthSettings {
        token_endpoint: provider.token_endpoint(),
        client_id: CLIENT.to_owned(),
        client_secret: Secret::new(secret),
        ..OauthSettings::default()
    };
    move |kafka| {
        kafka.sasl_mechanism = Some(SaslMechanism::OauthBearer);
        kafka.oauth = Some(oauth);
    }
}

/// A broker that takes the tokens of this provider.
fn trusting(provider: &Provider, keys: &Path) -> Guarded {
    let keys = format!(
        "file://{}",
        written(keys, "keys.json", &provider.key_set()).display()
    );
    let oauth = "org.apache.kafka.common.security.oauthbearer";
    let properties = [
        (
            format!("{LOGIN}.sasl.enabled.mechanisms"),
            "OAUTHBEARER".to_owned(),
        ),
        (
            format!("{LOGIN}.oauthbearer.sasl.server.callback.handler.class"),
            format!("{oauth}.OAuthBearerValidatorCallbackHandler"),
        ),
        (
            format!("{LOGIN}.oauthbearer.sasl.jaas.config"),
            format!("{oauth}.OAuthBearerLoginModule required;"),
        ),
        // A token ends a connection with itself unless the client shows a new one (KIP-368).
        (
            format!("{LOGIN}.oauthbearer.connections.max.reauth.ms"),
            "60000".to_owned(),
        ),
        ("sasl.oauthbearer.jwks.endpoint.url".to_owned(), keys.clone()),
        (
            "sasl.oauthbearer.expected.audience".to_owned(),
            AUDIENCE.to_owned(),
        ),
    ];
    let properties: Vec<_> = properties
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let mut own = OwnParts::new().unwrap();
    own.set_java_property("org.apache.kafka.sasl.oauthbearer.allowed.urls", &keys);
    Guarded::started("SASL_SSL", &properties, own)
}

#[test]
fn tokens_of_a_provider_open_a_broker_and_are_fetched_anew() {
    let provider = Provider::start();
    let keys = tempfile::tempdir().unwrap();
    let broker = trusting(&provider, keys.path());
    broker.refuses(token(&provider, "wrong"));
    assert_eq!(provider.given(), 0);

    let watcher = Arc::new(Watcher::default());
    let shared = broker.shared(&watcher, token(&provider, SECRET));
    let running = run_stage(&shared, STAGE, || Tally).unwrap();
    broker.place.produce(0..100);
    watcher.wait_for_records(100);
    // Consumer and producer ask once more, each for itself, before their first ones are over.
    let deadline = Instant::now() + PATIENCE;
    let first = provider.given();
    while provider.given() < first + 2 {
        assert!(Instant::now() < deadline, "no new token: {}", provider.given());
        std::thread::yield_now();
    }
    broker.place.produce(100..200);
    watcher.wait_for_records(200);
    watcher.is_as_it_began();
    broker.place.stop_and_count(&shared, running, 200);
}

#[test]
fn a_certificate_opens_a_broker_that_asks_for_one() {
    let properties = [("listener.name.proxied.ssl.client.auth", "required")];
    let broker = Guarded::start("SSL", &properties);
    let (certificate, key) = identity(&broker.issuer, broker.folder.path(), "stream");
    broker.lets_in("certificate", 100, |kafka| {
        kafka.security_protocol = SecurityProtocol::Ssl;
        kafka.ssl_certificate_location = Some(certificate.display().to_string());
        kafka.ssl_key_location = Some(key.display().to_string());
    });
}
