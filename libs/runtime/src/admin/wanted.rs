//! The topics of the table with the settings they should have. No Kafka, no I/O.

use settings::KafkaSettings;
use std::collections::BTreeMap;
use topology::{Changelog, Prefix, Topic};

const MIB: u32 = 1024 * 1024;

/// A topic as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedTopic {
    /// Its name, with the prefix.
    pub name: String,
    /// How many partitions.
    pub partitions: i32,
    /// How many copies of each.
    pub replication: i32,
    /// Its settings, by Kafka's names; what is not here is left as it is.
    pub config: BTreeMap<&'static str, String>,
}

/// Every topic of the stream and every changelog.
pub fn wanted(kafka: &KafkaSettings, prefix: &Prefix) -> Vec<WantedTopic> {
    let changelogs = Changelog::all().map(|log| changelog(log, kafka, prefix));
    Topic::all()
        .map(|topic| stream(topic, kafka, prefix))
        .chain(changelogs)
        .collect()
}

fn stream(topic: Topic, kafka: &KafkaSettings, prefix: &Prefix) -> WantedTopic {
    let spec = topic.spec();
    let retention = spec
        .cleanup
        .retention()
        .map_or("-1".to_owned(), |time| time.as_millis().to_string());
    let own = [
        ("cleanup.policy", spec.cleanup.policy().to_owned()),
        ("retention.ms", retention),
        ("max.message.bytes", spec.max_message_bytes.to_string()),
    ];
    topic_of(prefix.apply(spec.name), partitions(kafka), own, kafka)
}

/// Small segments and eager cleaning, so that a restart has little to read.
fn changelog(log: Changelog, kafka: &KafkaSettings, prefix: &Prefix) -> WantedTopic {
    let own = [
        ("cleanup.policy", "compact".to_owned()),
        ("segment.bytes", (8 * MIB).to_string()),
        ("min.cleanable.dirty.ratio", "0.1".to_owned()),
        ("max.message.bytes", Changelog::MAX_MESSAGE_BYTES.to_string()),
    ];
    topic_of(
        prefix.apply(&log.topic_name()),
        log.partitions(partitions(kafka)),
        own,
        kafka,
    )
}

fn topic_of<const N: usize>(
    name: String,
    partitions: i32,
    own: [(&'static str, String); N],
    kafka: &KafkaSettings,
) -> WantedTopic {
    // With three copies, one broker may be away while nothing acknowledged can be lost.
    let in_sync = if kafka.replication_factor >= 3 { 2 } else { 1 };
    let all = [
        ("message.timestamp.type", "LogAppendTime".to_owned()),
        ("compression.type", "producer".to_owned()),
        ("min.insync.replicas", in_sync.to_string()),
    ];
    let config = own.into_iter().chain(all).collect();
    WantedTopic {
        name,
        partitions,
        replication: kafka.replication_factor.into(),
        config,
    }
}

fn partitions(kafka: &KafkaSettings) -> i32 {
    i32::try_from(kafka.partitions).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> WantedTopic {
        let all = wanted(&KafkaSettings::default(), &Prefix::new("p."));
        all.into_iter().find(|topic| topic.name == name).unwrap()
    }

    #[test]
    fn the_prefix_and_the_table_make_the_topic() {
        let ingest = named("p.ingest.events");
        assert_eq!((ingest.partitions, ingest.replication), (12, 1));
        assert_eq!(ingest.config["retention.ms"], "604800000");
        assert_eq!(named("p.signals").config["retention.ms"], "2592000000");
        assert_eq!(named("p.notifications.channels").config["retention.ms"], "-1");
        // As many as its three inputs have.
        assert_eq!(named("p.notifier-plan.planned.changelog").partitions, 36);
        assert_eq!(
            named("p.detector.windows.changelog").config["segment.bytes"],
            "8388608"
        );
    }

    #[test]
    fn one_of_three_copies_may_be_away() {
        let kafka = KafkaSettings {
            replication_factor: 3,
            ..KafkaSettings::default()
        };
        let all = wanted(&kafka, &Prefix::default());
        assert!(all.iter().all(|topic| topic.config["min.insync.replicas"] == "2"));
    }
}
