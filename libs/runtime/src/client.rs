//! From settings to the configuration of a client.

use crate::fault::Fault;
use crate::host::{Instant, thread};
use crate::kafka::Reader;
use rdkafka::ClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use settings::KafkaSettings;
use std::time::Duration;

/// What every client needs: where the broker is and how to be let in. Other properties of the user come last, so they
/// override these; what exactly-once depends on is set after them, by whoever builds on this.
pub(crate) fn base(kafka: &KafkaSettings) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", &kafka.brokers)
        .set("client.id", "sluicebox")
        .set("socket.keepalive.enable", "true")
        .set("socket.nagle.disable", "true")
        .set("reconnect.backoff.max.ms", "1000")
        // Brokers close idle connections; that is no news.
        .set("log.connection.close", "false");
    crate::login::set(&mut config, kafka);
    for (key, value) in &kafka.properties {
        config.set(key, value);
    }
    config
}

/// What went wrong, without the value of a refused property, which may be a secret.
pub(crate) fn why(error: &KafkaError) -> String {
    match error {
        KafkaError::ClientConfig(_, description, key, _) => {
            format!(
                "librdkafka refuses the property {key}: {description}; see kafka.properties in the settings"
            )
        }
        KafkaError::ClientCreation(description) => {
            format!("librdkafka refuses its configuration: {description}; see kafka in the settings")
        }
        other => match other.rdkafka_error_code() {
            Some(code) => code.to_string(),
            None => other.to_string(),
        },
    }
}

/// How long one question to the broker may take.
const CALL: Duration = Duration::from_secs(15);
/// How long a topic may be unknown before it counts as missing: a broker that has just started says so of topics that it
/// has not loaded yet, and one that was starved of partitions that lead nowhere for a moment. A partition that was just
/// made, or whose leader moves, has another leader than the client believes.
const UNKNOWN_FOR: Duration = Duration::from_secs(30);
const ASK_AGAIN: Duration = Duration::from_millis(200);

/// The lowest offset that a partition still has, and its end as the client's isolation level sees it.
pub(crate) fn ends(client: &impl Reader, topic: &str, partition: i32) -> Result<(i64, i64), Fault> {
    watermarks(client, topic, partition).map_err(|error| no_ends(client, topic, partition, &error))
}

/// The same, for those who are no lane.
pub(crate) fn watermarks(
    client: &impl Reader,
    topic: &str,
    partition: i32,
) -> Result<(i64, i64), KafkaError> {
    once_settled(|| client.fetch_watermarks(topic, partition, CALL))
}

/// The same of many partitions of a topic at once, in their order: two questions, not two each.
pub(crate) fn watermarks_of(
    client: &impl Reader,
    topic: &str,
    partitions: &[i32],
) -> Result<Vec<(i64, i64)>, KafkaError> {
    once_settled(|| {
        let lows = offsets_at(client, topic, partitions, Offset::Beginning)?;
        let highs = offsets_at(client, topic, partitions, Offset::End)?;
        Ok(lows.into_iter().zip(highs).collect())
    })
}

/// The ends of many partitions of a topic, as the client's isolation level sees them, in their order and by one question.
pub(crate) fn stable_ends(client: &impl Reader, topic: &str, partitions: &[i32]) -> Result<Vec<i64>, Fault> {
    let ends = once_settled(|| offsets_at(client, topic, partitions, Offset::End));
    ends.map_err(|error| match partitions.first() {
        Some(first) => no_ends(client, topic, *first, &error),
        None => Fault::of(&format!("reading the ends of {topic}"), &error),
    })
}

/// Asks until the broker knows, or until it has denied for too long.
fn once_settled<T>(ask: impl Fn() -> Result<T, KafkaError>) -> Result<T, KafkaError> {
    let began = Instant::now();
    loop {
        match ask() {
            Err(error) if is_unsettled(&error) && began.elapsed() < UNKNOWN_FOR => {
                thread::sleep(ASK_AGAIN);
            }
            answer => return answer,
        }
    }
}

/// `ListOffsets` takes the two ends as times that no record has.
pub(crate) fn offsets_at(
    client: &impl Reader,
    topic: &str,
    partitions: &[i32],
    end: Offset,
) -> Result<Vec<i64>, KafkaError> {
    let mut asked = TopicPartitionList::new();
    for partition in partitions {
        asked.add_partition_offset(topic, *partition, end)?;
    }
    let answer = client.offsets_for_times(asked, CALL)?;
    let offset_of = |partition: &i32| {
        let element = answer.find_partition(topic, *partition);
        let element = element.ok_or(KafkaError::OffsetFetch(RDKafkaErrorCode::UnknownPartition))?;
        element.error()?;
        match element.offset() {
            Offset::Offset(offset) => Ok(offset),
            _ => Err(KafkaError::OffsetFetch(RDKafkaErrorCode::UnknownPartition)),
        }
    };
    partitions.iter().map(offset_of).collect()
}

fn is_unsettled(error: &KafkaError) -> bool {
    let unsettled = [
        RDKafkaErrorCode::NotLeaderForPartition,
        RDKafkaErrorCode::LeaderNotAvailable,
        RDKafkaErrorCode::UnknownPartition,
        RDKafkaErrorCode::UnknownTopic,
        RDKafkaErrorCode::UnknownTopicOrPartition,
        RDKafkaErrorCode::UnknownLeaderEpoch,
        RDKafkaErrorCode::FencedLeaderEpoch,
    ];
    error
        .rdkafka_error_code()
        .is_some_and(|code| unsettled.contains(&code))
}

/// A client that was told of a partition without a leader may never learn that it has one again (librdkafka issue
/// 5430), and says then that there is no such partition. The broker's list of partitions tells which it is.
pub(crate) fn no_ends(client: &impl Reader, topic: &str, partition: i32, error: &KafkaError) -> Fault {
    let doing = format!("reading the ends of {topic}-{partition}");
    if is_listed(client, topic, partition).unwrap_or_default() {
        Fault::rebuild(format!("{doing}: {error}, though the broker has it"))
    } else {
        Fault::of(&doing, error)
    }
}

/// Whether an error means that there is no such partition, and the broker says the same.
pub(crate) fn is_missing(client: &impl Reader, topic: &str, partition: i32, error: &KafkaError) -> bool {
    is_unsettled(error) && is_listed(client, topic, partition) == Some(false)
}

/// Whether the broker lists a partition; `None` where it cannot be asked.
fn is_listed(client: &impl Reader, topic: &str, partition: i32) -> Option<bool> {
    let there = client.partitions(topic, CALL).ok()?;
    Some(there.contains(&partition))
}

/// A client that looks for ends, so that reaching one is no error. It joins no group, but librdkafka looks for the
/// coordinator of one all the same, which a user with few rights may not ask for.
pub(crate) struct EndSeeker;

impl ClientContext for EndSeeker {
    fn error(&self, error: KafkaError, reason: &str) {
        let refused = error.rdkafka_error_code() == Some(RDKafkaErrorCode::GroupAuthorizationFailed);
        let ended =
            matches!(error, KafkaError::PartitionEOF(_)) || reason.contains("reached end of partition");
        if !ended && !refused {
            tracing::warn!(%error, reason, "kafka reader");
        }
    }
}

impl ConsumerContext for EndSeeker {}

#[cfg(test)]
mod tests {
    use super::*;
    use settings::{SaslMechanism, Secret, SecurityProtocol};

    fn secured() -> KafkaSettings {
        KafkaSettings {
            security_protocol: SecurityProtocol::SaslSsl,
            sasl_mechanism: Some(SaslMechanism::Plain),
            sasl_username: Some("me".to_owned()),
            sasl_password: Some(Secret::new("hunter2")),
            ..KafkaSettings::default()
        }
    }

    #[test]
    fn a_login_reaches_the_client_and_properties_override() {
        let mut kafka = secured();
        kafka.properties.insert("client.id".to_owned(), "mine".to_owned());
        let config = base(&kafka);
        assert_eq!(config.get("security.protocol"), Some("sasl_ssl"));
        assert_eq!(config.get("sasl.password"), Some("hunter2"));
        assert_eq!(config.get("client.id"), Some("mine"));
        assert_eq!(config.get("ssl.ca.location"), None);
    }

    #[test]
    fn a_refused_value_is_not_shown() {
        let mut kafka = secured();
        kafka
            .properties
            .insert("socket.timeout.ms".to_owned(), "hunter2".to_owned());
        let refused = base(&kafka).create::<rdkafka::producer::BaseProducer>();
        let message = refused.err().map(|error| why(&error)).unwrap_or_default();
        assert!(
            message.contains("socket.timeout.ms") && !message.contains("hunter2 "),
            "{message}"
        );
    }
}
