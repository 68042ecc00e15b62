//! The topics of the stream, in the order of the stream.

use crate::StageName;
use std::time::Duration;

/// A topic that stages exchange records over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Topic {
    /// Raw events, from adapters and from any producer.
    IngestEvents,
    /// Events: cleaned, typed, about one subject.
    EventsNormalized,
    /// Events with the score of the event-scope rules.
    EventsScored,
    /// Which part of a story each text belongs to.
    StoriesMembers,
    /// What the parts of stories say, for whoever joins the parts of all partitions.
    StoriesParts,
    /// What belongs together, and since when.
    StoriesChanges,
    /// Signals before enrichment: facts and a provisional score.
    Signals,
    /// Signals as people, the sink and the notifier see them.
    SignalsEnriched,
    /// Anomalies of one subject.
    Detections,
    /// Notifications to be delivered.
    NotificationsOutbox,
    /// What came of each notification.
    NotificationsReceipts,
    /// Records that can never be processed.
    DeadLetters,
    /// Which dead letters were replayed: by whom, when and why.
    DeadLetterReplays,
    /// Which channels are disabled, and since when one fails.
    NotificationsChannels,
    /// Which sources are to be polled, paused or resumed.
    SourcesCommands,
}

/// The Avro schema of a topic's value; the file is `schemas/<name>.avsc`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Schema {
    /// `raw_event.avsc`
    RawEvent,
    /// `event.avsc`
    Event,
    /// `scored_event.avsc`
    ScoredEvent,
    /// `signal.avsc`
    Signal,
    /// `detection.avsc`
    Detection,
    /// `notification.avsc`
    Notification,
    /// `receipt.avsc`
    Receipt,
    /// `dead_letter.avsc`
    DeadLetter,
    /// `replay.avsc`
    Replay,
    /// `channel_state.avsc`
    ChannelState,
    /// `story_member.avsc`
    StoryMember,
    /// `story_part.avsc`
    StoryPart,
    /// `story_change.avsc`
    StoryChange,
    /// `source_command.avsc`
    SourceCommand,
}

impl Schema {
    /// Every schema, in the order of their numbers.
    pub const ALL: [Self; 14] = [
        Self::RawEvent,
        Self::Event,
        Self::ScoredEvent,
        Self::Signal,
        Self::Detection,
        Self::Notification,
        Self::Receipt,
        Self::DeadLetter,
        Self::Replay,
        Self::ChannelState,
        Self::StoryMember,
        Self::StoryPart,
        Self::StoryChange,
        Self::SourceCommand,
    ];

    /// The stem of the schema's file.
    pub const fn file_stem(self) -> &'static str {
        match self {
            Self::RawEvent => "raw_event",
            Self::Event => "event",
            Self::ScoredEvent => "scored_event",
            Self::Signal => "signal",
            Self::Detection => "detection",
            Self::Notification => "notification",
            Self::Receipt => "receipt",
            Self::DeadLetter => "dead_letter",
            Self::Replay => "replay",
            Self::ChannelState => "channel_state",
            Self::StoryMember => "story_member",
            Self::StoryPart => "story_part",
            Self::StoryChange => "story_change",
            Self::SourceCommand => "source_command",
        }
    }
}

/// Kafka's `cleanup.policy`, with the retention where time ends a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cleanup {
    /// `delete` after this long.
    Delete(Duration),
    /// `compact`: the newest record of a key stays for ever.
    Compact,
    /// `compact,delete`: the newest record of a key stays this long.
    CompactDelete(Duration),
}

impl Cleanup {
    /// The value of `cleanup.policy`.
    pub const fn policy(self) -> &'static str {
        match self {
            Self::Delete(_) => "delete",
            Self::Compact => "compact",
            Self::CompactDelete(_) => "compact,delete",
        }
    }

    /// The value of `retention.ms`; `None` for ever.
    pub const fn retention(self) -> Option<Duration> {
        match self {
            Self::Delete(time) | Self::CompactDelete(time) => Some(time),
            Self::Compact => None,
        }
    }
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct TopicSpec {
    /// The topic.
    pub topic: Topic,
    /// Its name, without the prefix.
    pub name: &'static str,
    /// The schema of its values.
    pub value: Schema,
    /// What its records are keyed by, in words.
    pub key: &'static str,
    /// How old records go.
    pub cleanup: Cleanup,
    /// The largest record batch, in bytes (`max.message.bytes`).
    pub max_message_bytes: u32,
    /// Stages that write it.
    pub writers: &'static [StageName],
    /// Stages that read it.
    pub readers: &'static [StageName],
}

const MIB: u32 = 1024 * 1024;
const DAY: u64 = 24 * 60 * 60;
const WEEK: Cleanup = Cleanup::Delete(Duration::from_secs(7 * DAY));
const MONTH: Cleanup = Cleanup::Delete(Duration::from_secs(30 * DAY));

const fn row(
    topic: Topic,
    name: &'static str,
    value: Schema,
    key: &'static str,
    cleanup: Cleanup,
    writers: &'static [StageName],
    readers: &'static [StageName],
) -> TopicSpec {
    // A dead letter wraps a whole record of another topic, so it may be larger than any of them.
    let max_message_bytes = if matches!(topic, Topic::DeadLetters) {
        4 * MIB
    } else {
        2 * MIB
    };
    TopicSpec {
        topic,
        name,
        value,
        key,
        cleanup,
        max_message_bytes,
        writers,
        readers,
    }
}

use StageName as N;

static TABLE: [TopicSpec; 15] = [
    row(
        Topic::IngestEvents,
        "ingest.events",
        Schema::RawEvent,
        "subject, else source and id",
        WEEK,
        &[N::Adapters, N::Sources],
        &[N::Normalizer, N::Sink],
    ),
    row(
        Topic::EventsNormalized,
        "events.normalized",
        Schema::Event,
        "subject",
        WEEK,
        &[N::Normalizer],
        // The sink takes events with their scores, from the next topic.
        &[N::Scorer, N::Detector],
    ),
    row(
        Topic::EventsScored,
        "events.scored",
        Schema::ScoredEvent,
        "subject",
        WEEK,
        &[N::Scorer],
        &[N::DedupAggregator, N::Sink],
    ),
    row(
        Topic::StoriesMembers,
        "stories.members",
        Schema::StoryMember,
        "part",
        WEEK,
        &[N::DedupAggregator],
        &[N::Sink],
    ),
    row(
        Topic::StoriesParts,
        "stories.parts",
        Schema::StoryPart,
        "tenant",
        WEEK,
        &[N::DedupAggregator],
        &[N::StoryMerger],
    ),
    row(
        Topic::StoriesChanges,
        "stories.changes",
        Schema::StoryChange,
        "tenant",
        MONTH,
        &[N::StoryMerger],
        &[N::Sink],
    ),
    row(
        Topic::Signals,
        "signals",
        Schema::Signal,
        "signal_key",
        // A signal that is over is not written again, and goes in the end.
        Cleanup::CompactDelete(Duration::from_secs(30 * DAY)),
        &[N::DedupAggregator, N::StoryMerger],
        &[N::Enricher],
    ),
    row(
        Topic::SignalsEnriched,
        "signals.enriched",
        Schema::Signal,
        "signal_key",
        Cleanup::CompactDelete(Duration::from_secs(30 * DAY)),
        &[N::Enricher],
        &[N::NotifierPlan, N::Sink],
    ),
    row(
        Topic::Detections,
        "detections",
        Schema::Detection,
        "subject",
        MONTH,
        &[N::Detector],
        &[N::NotifierPlan, N::Sink],
    ),
    row(
        Topic::NotificationsOutbox,
        "notifications.outbox",
        Schema::Notification,
        "channel, tenant and group",
        WEEK,
        &[N::NotifierPlan],
        &[N::NotifierDeliver, N::Sink],
    ),
    row(
        Topic::NotificationsReceipts,
        "notifications.receipts",
        Schema::Receipt,
        "notification id",
        Cleanup::CompactDelete(Duration::from_secs(30 * DAY)),
        &[N::NotifierDeliver],
        &[N::Sink],
    ),
    row(
        Topic::DeadLetters,
        "dead-letters",
        Schema::DeadLetter,
        "origin topic and partition",
        MONTH,
        &StageName::RUNNERS,
        &[N::Sink],
    ),
    row(
        Topic::DeadLetterReplays,
        "dead-letters.replays",
        Schema::Replay,
        "replay id and number",
        // No key comes twice, so all of it stays: the counts of the stages, which it explains, stay as well. Written and
        // read by the command line.
        Cleanup::Compact,
        &[],
        &[],
    ),
    row(
        Topic::NotificationsChannels,
        "notifications.channels",
        Schema::ChannelState,
        "channel",
        // Each process that delivers looks at all of it, outside its group.
        Cleanup::Compact,
        &[N::NotifierDeliver],
        &[N::NotifierPlan],
    ),
    row(
        Topic::SourcesCommands,
        "sources.commands",
        Schema::SourceCommand,
        "source",
        // Each process says at its start which sources it has, so nothing that is older is missed.
        WEEK,
        &[N::Sources],
        &[N::Sources],
    ),
];

impl Topic {
    /// Every topic, in the order of the stream.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|spec| spec.topic)
    }

    /// The topic's row of the table.
    pub fn spec(self) -> &'static TopicSpec {
        &TABLE[self as usize]
    }

    /// The topic's name, without the prefix.
    pub fn name(self) -> &'static str {
        self.spec().name
    }

    /// Whether others than the stages of the stream may write it, so that anything may stand on it.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::IngestEvents)
    }

    /// The topic of this name (without the prefix), if there is one.
    pub fn from_name(name: &str) -> Option<Self> {
        TABLE.iter().find(|spec| spec.name == name).map(|spec| spec.topic)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_stands_at_its_topics_place() {
        for (at, spec) in TABLE.iter().enumerate() {
            assert_eq!(spec.topic as usize, at, "{}", spec.name);
            assert_eq!(Topic::from_name(spec.name), Some(spec.topic));
        }
    }

    #[test]
    fn whatever_is_written_is_read_by_a_stage_but_what_people_write_down() {
        for spec in TABLE.iter().filter(|spec| spec.topic != Topic::DeadLetterReplays) {
            assert!(!spec.readers.is_empty(), "{} has no reader", spec.name);
            assert!(!spec.writers.is_empty(), "{} has no writer", spec.name);
        }
    }
}
