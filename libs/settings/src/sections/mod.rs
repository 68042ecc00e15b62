//! One file a section of the configuration; the defaults suit the local parts.

mod access;
mod adapters;
mod admission;
mod channel_kinds;
mod dead_letters;
mod dedup;
mod edges;
mod enricher;
mod instance;
mod kafka;
mod listeners;
mod normalizer;
mod notifier;
mod outbound;
mod postgres;
mod registry;
mod rules;
mod sink;
mod sources;
mod telemetry;
mod webhooks;

use serde::{Deserialize, Serialize};

pub use access::{AccessSettings, JwtSettings};
pub use adapters::{AdaptersSettings, AuthMode, MuteSettings};
pub use admission::AdmissionSettings;
pub use dead_letters::{DeadLetterSettings, StageDeadLetterSettings};
pub use dedup::DedupSettings;
pub use edges::{ApiSettings, OpsSettings};
pub use enricher::{EnricherSettings, HttpSource, TableSource};
pub use kafka::{KafkaSettings, OauthSettings, SaslMechanism, SecurityProtocol};
pub use listeners::{ListenerSettings, TlsSettings};
pub use normalizer::NormalizerSettings;
pub use notifier::{ChannelKind, ChannelSettings, NotifierSettings, Subscription, WantedState};
pub use outbound::OutboundSettings;
pub use postgres::{PostgresSettings, SslMode};
pub use registry::RegistrySettings;
pub use rules::{DetectorSettings, ScorerSettings};
pub use sink::{RetentionSettings, SinkSettings};
pub use sources::{
    PagingBy, PagingUntil, SourceKind, SourceMapping, SourcePaging, SourceSettings, SourcesSettings,
};
pub use telemetry::{LogFormat, TelemetrySettings};
pub use webhooks::{SignatureEncoding, WebhookProvider, WebhookSettings};

use crate::problem::Problems;

/// Everything that can be configured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Put before the name of every topic and group, so that several installations share a cluster.
    pub topic_prefix: String,
    /// Names this process among its replicas (static membership, transactional ids); the pod's name in Kubernetes.
    pub instance_id: String,
    /// The broker.
    pub kafka: KafkaSettings,
    /// How many dead letters a stage may write before it stops.
    pub dead_letters: DeadLetterSettings,
    /// The schema registry.
    pub registry: RegistrySettings,
    /// The database.
    pub postgres: PostgresSettings,
    /// What an event may be.
    pub admission: AdmissionSettings,
    /// What every HTTP listener bounds.
    pub listeners: ListenerSettings,
    /// Who may send events and ask the API.
    pub access: AccessSettings,
    /// The HTTP edge that takes events in.
    pub adapters: AdaptersSettings,
    /// The HTTP edge that people query.
    pub api: ApiSettings,
    /// Health and metrics of any process.
    pub ops: OpsSettings,
    /// What is polled.
    pub sources: SourcesSettings,
    /// From raw events to events.
    pub normalizer: NormalizerSettings,
    /// From events to scored events.
    pub scorer: ScorerSettings,
    /// From scored events to signals.
    pub dedup: DedupSettings,
    /// From events to detections.
    pub detector: DetectorSettings,
    /// What is found out about a signal.
    pub enricher: EnricherSettings,
    /// Who is told.
    pub notifier: NotifierSettings,
    /// What stays in the database.
    pub sink: SinkSettings,
    /// Where calls to the outside world may go.
    pub outbound: OutboundSettings,
    /// Logs and traces.
    pub telemetry: TelemetrySettings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            topic_prefix: String::new(),
            instance_id: instance::hostname(),
            kafka: KafkaSettings::default(),
            dead_letters: DeadLetterSettings::default(),
            registry: RegistrySettings::default(),
            postgres: PostgresSettings::default(),
            admission: AdmissionSettings::default(),
            listeners: ListenerSettings::default(),
            access: AccessSettings::default(),
            adapters: AdaptersSettings::default(),
            api: ApiSettings::default(),
            ops: OpsSettings::default(),
            sources: SourcesSettings::default(),
            normalizer: NormalizerSettings::default(),
            scorer: ScorerSettings::default(),
            dedup: DedupSettings::default(),
            detector: DetectorSettings::default(),
            enricher: EnricherSettings::default(),
            notifier: NotifierSettings::default(),
            sink: SinkSettings::default(),
            outbound: OutboundSettings::default(),
            telemetry: TelemetrySettings::default(),
        }
    }
}

impl Settings {
    /// Settings in which every option is given and every list has an item: the source of the known keys.
    pub(crate) fn specimen() -> Self {
        Self {
            kafka: KafkaSettings::specimen(),
            dead_letters: DeadLetterSettings::specimen(),
            registry: RegistrySettings::specimen(),
            listeners: ListenerSettings::specimen(),
            postgres: PostgresSettings::specimen(),
            access: AccessSettings::specimen(),
            adapters: AdaptersSettings::specimen(),
            api: ApiSettings::specimen(),
            ops: OpsSettings::specimen(),
            sources: SourcesSettings::specimen(),
            normalizer: NormalizerSettings::specimen(),
            enricher: EnricherSettings::specimen(),
            notifier: NotifierSettings::specimen(),
            outbound: OutboundSettings::specimen(),
            telemetry: TelemetrySettings::specimen(),
            ..Self::default()
        }
    }

    /// Notes everything that is wrong.
    pub(crate) fn check(&self, problems: &mut Problems) {
        instance::check(&self.topic_prefix, &self.instance_id, problems);
        self.kafka.check(problems);
        self.dead_letters.check(problems);
        self.registry.check(problems);
        self.postgres.check(problems);
        self.admission.check(problems);
        self.listeners.check(problems);
        self.access.check(problems);
        self.adapters.check(problems);
        self.api.check(problems);
        self.ops.check(problems);
        self.sources.check(problems);
        self.normalizer.check(problems);
        self.dedup.check(problems);
        self.enricher.check(problems);
        self.notifier.check(problems);
        self.sink.check(problems);
        self.outbound.check(problems);
        self.telemetry.check(problems);
        self.check_open(problems);
    }

    /// Who may ask the API: as `api.auth` says, else as `adapters.auth` does.
    pub fn api_auth(&self) -> AuthMode {
        self.api.auth.unwrap_or(self.adapters.auth)
    }

    /// Who asks nobody for a key is for its own machine, unless somebody says that it is not.
    fn check_open(&self, problems: &mut Problems) {
        let listeners = [
            ("adapters.auth", self.adapters.auth, self.adapters.listen),
            ("api.auth", self.api_auth(), self.api.listen),
        ];
        for (key, auth, listen) in listeners {
            let open = auth == AuthMode::None && !listen.ip().is_loopback() && !self.access.insecure;
            problems.unless(
                !open,
                key,
                "none",
                &format!(
                    "lets anybody in who reaches {listen}; use `required` with access.keys_file, listen on \
                     127.0.0.1, or say access.insecure: true (`run --insecure`)"
                ),
            );
        }
    }
}
