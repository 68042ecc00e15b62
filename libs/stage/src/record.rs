//! What goes into a stage and comes out, and where it stood.

use model::{DecodeError, Decoder, Encoder, Millis, Record};
use std::borrow::Cow;
use topology::Topic;

/// Where a record stood, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cx<'a> {
    /// The topic it was read from.
    pub topic: Topic,
    /// The partition.
    pub partition: i32,
    /// The offset.
    pub offset: i64,
    /// The record's time in Kafka (log append time).
    pub time: Millis,
    /// The record's key.
    pub key: Option<&'a [u8]>,
    /// The `traceparent` header, if it carries a valid one.
    pub traceparent: Option<&'a str>,
}

impl Cx<'_> {
    /// A place for tests: offset 0 of partition 0, at this time.
    pub const fn at(topic: Topic, time: Millis) -> Self {
        Self {
            topic,
            partition: 0,
            offset: 0,
            time,
            key: None,
            traceparent: None,
        }
    }
}

/// What a stage reads: one record type, or an enum over the topics it reads.
pub trait Input: Sized + Send + 'static {
    /// Reads the value of a record of this topic.
    fn decode(topic: Topic, value: &[u8], decoder: &mut Decoder) -> Result<Self, DecodeError>;
}

/// What a stage writes: a record and the topic it belongs on.
pub trait Output: Send + 'static {
    /// Where it goes.
    fn topic(&self) -> Topic;
    /// What it is partitioned by.
    fn key(&self) -> Cow<'_, str>;
    /// Appends its value in wire format.
    fn encode(&self, encoder: &Encoder, out: &mut Vec<u8>);
}

macro_rules! reads {
    ($($record:ty),+) => {$(
        impl Input for $record {
            fn decode(_: Topic, value: &[u8], decoder: &mut Decoder) -> Result<Self, DecodeError> {
                decoder.decode(value)
            }
        }
    )+};
}

macro_rules! writes {
    ($($record:ty => $topic:expr),+ $(,)?) => {$(
        impl Output for $record {
            fn topic(&self) -> Topic {
                $topic
            }

            fn key(&self) -> Cow<'_, str> {
                Record::key(self)
            }

            fn encode(&self, encoder: &Encoder, out: &mut Vec<u8>) {
                encoder.encode(self, out);
            }
        }
    )+};
}

reads!(
    model::Event,
    model::ScoredEvent,
    model::Signal,
    model::Detection,
    model::Notification,
    model::Receipt,
    model::DeadLetter
);

// `Signal` is not here: two stages write it, each to a topic of its own.
writes! {
    model::RawEvent => Topic::IngestEvents,
    model::Event => Topic::EventsNormalized,
    model::ScoredEvent => Topic::EventsScored,
    model::Detection => Topic::Detections,
    model::Notification => Topic::NotificationsOutbox,
    model::Receipt => Topic::NotificationsReceipts,
    model::DeadLetter => Topic::DeadLetters,
    model::Replay => Topic::DeadLetterReplays,
}

/// The ingest topic takes both: Confluent Avro, told by its first byte, else a CloudEvent as JSON.
impl Input for model::RawEvent {
    fn decode(_: Topic, value: &[u8], decoder: &mut Decoder) -> Result<Self, DecodeError> {
        match value.iter().find(|byte| !byte.is_ascii_whitespace()) {
            Some(b'{') => Self::from_json(value).map_err(|error| DecodeError::Json(error.to_string())),
            _ => decoder.decode(value),
        }
    }
}
