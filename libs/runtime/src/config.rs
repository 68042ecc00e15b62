//! What a lane needs to know: names, clients, schemas.

use crate::commit_policy::CommitPolicy;
use crate::dead_letter_limit::Limits;
use crate::names::Names;
use crate::observer::{LaneState, Observer};
use crate::pulse::Pulse;
use crate::stop::Stop;
use model::{SchemaIds, SchemaSource};
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use settings::{DeadLetterSettings, KafkaSettings};
use std::sync::Arc;
use std::time::Duration;
use topology::{Prefix, StageName};

/// What all lanes of a process share.
#[derive(Clone)]
pub struct Shared {
    /// The broker.
    pub kafka: KafkaSettings,
    /// How many dead letters a stage may write before it stops.
    pub dead_letters: DeadLetterSettings,
    /// Before every topic and group name.
    pub prefix: Prefix,
    /// This process, among those that run the same stage.
    pub instance: String,
    /// The registry's ids of our own schemas.
    pub ids: SchemaIds,
    /// Whoever knows the schemas of others.
    pub schemas: Arc<dyn SchemaSource>,
    /// Told of everything.
    pub observer: Arc<dyn Observer>,
    /// Ends every lane.
    pub stop: Stop,
}

/// One lane of one stage.
#[derive(Clone)]
pub(crate) struct LaneConfig {
    pub names: Names,
    pub lane: u16,
    pub partitions: i32,
    pub consumer: ClientConfig,
    pub producer: ClientConfig,
    pub client: ClientConfig,
    pub dead_letters: Limits,
    /// How far a record's time may be ahead of the clock of whoever wrote it, ms.
    pub max_ahead: i64,
    /// How long the broker may take for a transactional call.
    pub limit: Duration,
    /// How long the group waits for a member.
    pub session: Duration,
    pub ids: SchemaIds,
    pub schemas: Arc<dyn SchemaSource>,
    pub observer: Arc<dyn Observer>,
    pub stop: Stop,
    pub pulse: Pulse,
}

impl LaneConfig {
    pub(crate) fn new(shared: &Shared, stage: StageName, lane: u16) -> Self {
        let names = Names::new(stage, &shared.prefix);
        let id = names.lane(&shared.instance, lane);
        Self {
            consumer: consumer(&shared.kafka, &names.group(), &id),
            producer: producer(&shared.kafka, &id),
            client: crate::client::base(&shared.kafka),
            dead_letters: limits(&shared.dead_letters, stage),
            max_ahead: i64::try_from(shared.kafka.max_clock_ahead_ms).unwrap_or(i64::MAX),
            limit: Duration::from_millis(shared.kafka.transaction_timeout_ms),
            session: Duration::from_millis(shared.kafka.session_timeout_ms),
            names,
            lane,
            partitions: i32::try_from(shared.kafka.partitions).unwrap_or(i32::MAX),
            ids: shared.ids,
            schemas: Arc::clone(&shared.schemas),
            observer: Arc::clone(&shared.observer),
            stop: shared.stop.clone(),
            pulse: Pulse::new(),
        }
    }

    /// The same lane, with a pulse of its own.
    pub(crate) fn with(&self, pulse: Pulse) -> Self {
        Self {
            pulse,
            ..self.clone()
        }
    }

    /// Tells where the lane stands, unless another has taken its place.
    pub(crate) fn report(&self, state: &LaneState) {
        if !self.pulse.is_given_up() {
            self.observer.lane(self.names.stage, self.lane, state);
        }
    }
}

fn limits(settings: &DeadLetterSettings, stage: StageName) -> Limits {
    let own = settings.of(stage.as_str());
    Limits {
        ratio: own.ratio,
        window: own.window,
        consecutive: own.consecutive,
    }
}

fn consumer(kafka: &KafkaSettings, group: &str, id: &str) -> ClientConfig {
    let mut config = crate::client::base(kafka);
    config
        .set("group.id", group)
        // Static membership: whoever comes back within the session timeout gets its partitions without a rebalance.
        .set("group.instance.id", id)
        .set("partition.assignment.strategy", "cooperative-sticky")
        .set("isolation.level", "read_committed")
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        // A lane says itself where it begins; an offset that is not there any more is an error and no new beginning.
        .set("auto.offset.reset", "error")
        .set("session.timeout.ms", kafka.session_timeout_ms.to_string())
        .set("heartbeat.interval.ms", (kafka.session_timeout_ms / 4).max(1).to_string());
    unless_configured(&mut config, kafka, &[("max.poll.interval.ms", "600000")]);
    unless_configured(&mut config, kafka, &READ_AHEAD);
    config
}

/// What a lane reads ahead is bounded by bytes; once there is room it fetches at once, not after librdkafka's second.
const READ_AHEAD: [(&str, &str); 5] = [
    ("queued.max.messages.kbytes", "4096"),
    ("fetch.queue.backoff.ms", "5"),
    ("fetch.message.max.bytes", "262144"),
    ("fetch.max.bytes", "1048576"),
    ("fetch.wait.max.ms", "100"),
];

/// Batches large enough to be cheap, in a queue small enough for a small process. Nobody reads an output before its
/// transaction is committed; neither a commit nor a full queue waits for the linger. From when it is over until the broker has
/// acknowledged the batch before, librdkafka turns in a loop (its issue 3692), and takes the cores from a broker that may
/// be slow for want of them; so it is longer than a broker takes.
const BATCHES: [(&str, &str); 5] = [
    ("linger.ms", "2000"),
    ("batch.num.messages", "10000"),
    ("batch.size", "262144"),
    ("compression.type", "lz4"),
    ("queue.buffering.max.kbytes", "4096"),
];

/// Tuning that `kafka.properties` may replace.
fn unless_configured(config: &mut ClientConfig, kafka: &KafkaSettings, tuning: &[(&str, &str)]) {
    for (key, value) in tuning {
        if !kafka.properties.contains_key(*key) {
            config.set(*key, *value);
        }
    }
}

fn producer(kafka: &KafkaSettings, id: &str) -> ClientConfig {
    let mut config = crate::client::base(kafka);
    config
        .set("transactional.id", id)
        .set("transaction.timeout.ms", kafka.transaction_timeout_ms.to_string())
        .set("message.timeout.ms", kafka.transaction_timeout_ms.to_string())
        .set("message.max.bytes", "4194304")
        .set("partitioner", "murmur2_random")
        // An output that arrived is no news; the lane asks for those that did not, and for how many are on their way.
        .set("delivery.report.only.error", "true")
        // The next transaction may be told CONCURRENT_TRANSACTIONS, which costs one of these.
        .set("retry.backoff.ms", "5")
        .set("retry.backoff.max.ms", "20");
    unless_configured(&mut config, kafka, &BATCHES);
    // A broken connection is told, and told whatever the program logs: it makes a transaction doubtful.
    config.set("log.connection.close", "true");
    config.set_log_level(RDKafkaLogLevel::Info);
    config
}

/// When the lanes of stages commit.
pub(crate) fn commit_policy(kafka: &KafkaSettings, records: u64) -> CommitPolicy {
    CommitPolicy {
        least_interval: Duration::from_millis(kafka.min_commit_interval_ms),
        greatest_age: Duration::from_millis(kafka.commit_interval_ms),
        records,
        bytes: 16 * 1024 * 1024,
    }
}
