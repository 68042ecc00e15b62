//! What goes into a stage and comes out, and where it stood.

use model::{DecodeError, Decoder, Encoder, Headers, Millis, RawEvent, Record, Request};
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
    /// What stores and timers take for the present: the record's time, unless the broker's clock is ahead of that of
    /// whoever wrote the record.
    pub clock: Millis,
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
            clock: time,
            key: None,
            traceparent: None,
        }
    }
}

/// A record as it stands on a topic.
#[derive(Debug, Clone, Copy)]
pub struct Wire<'a> {
    /// The topic.
    pub topic: Topic,
    /// The partition.
    pub partition: i32,
    /// The offset.
    pub offset: i64,
    /// The value; empty where there is none.
    pub value: &'a [u8],
    /// The headers, on a topic that anybody writes; what the stream writes says nothing of its values there.
    pub headers: Headers<'a>,
}

/// The header of a record that was put back: where it stood first, as `topic-partition-offset` without the prefix. An
/// event without an id keeps by it the id that was made when it first came.
pub const ORIGIN_HEADER: &str = "sluicebox-origin";

impl Wire<'_> {
    /// What tells the record from others that say the same.
    fn request(&self) -> Request {
        let origin = self.headers.iter().find(|(name, _)| *name == ORIGIN_HEADER);
        let origin = origin.and_then(|(_, value)| std::str::from_utf8((*value)?).ok());
        match origin {
            Some(origin) => Request::keyed(origin),
            None => Request::record(self.topic.name(), self.partition, self.offset),
        }
    }
}

/// Whose a record is, as far as it says.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sender {
    /// The tenant.
    pub tenant: Option<String>,
    /// The source that sent the event.
    pub source: Option<String>,
}

impl Sender {
    fn new(tenant: &str, source: Option<&str>) -> Self {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Self {
            tenant: text(tenant),
            source: source.and_then(text),
        }
    }

    /// What CloudEvents attributes in headers say, whatever else is wrong with them.
    fn of_headers(headers: Headers<'_>) -> Self {
        let text = |name: &str| {
            let (_, value) = headers.iter().find(|(own, _)| *own == name)?;
            std::str::from_utf8((*value)?).ok()
        };
        Self::new(text("ce_tenant").unwrap_or_default(), text("ce_source"))
    }

    /// What a JSON object says at its top, whatever else is wrong with it.
    fn of_json(value: &[u8]) -> Self {
        #[derive(serde::Deserialize)]
        struct Named {
            tenant: Option<serde_json::Value>,
            source: Option<serde_json::Value>,
        }
        let Ok(named) = serde_json::from_slice::<Named>(value) else {
            return Self::default();
        };
        let text = |value: Option<serde_json::Value>| value?.as_str().map(str::to_owned);
        Self::new(
            &text(named.tenant).unwrap_or_default(),
            text(named.source).as_deref(),
        )
    }
}

/// What a stage reads: one record type, or an enum over the topics it reads.
pub trait Input: Sized + Send + 'static {
    /// Reads a record.
    fn decode(record: &Wire<'_>, decoder: &mut Decoder) -> Result<Self, DecodeError>;

    /// Whose it is, for the dead letter if it becomes one.
    fn sender(&self) -> Sender {
        Sender::default()
    }
}

/// Whose the record is, as far as it can be read.
pub fn sender_of<I: Input>(record: &Wire<'_>, decoder: &mut Decoder) -> Sender {
    match I::decode(record, decoder) {
        Ok(input) => input.sender(),
        Err(_) if model::is_in_headers(record.headers) => Sender::of_headers(record.headers),
        Err(_) => Sender::of_json(record.value),
    }
}

/// What a stage writes: a record and the topic it belongs on.
pub trait Output: Send + 'static {
    /// Whether the stage writes more than one topic, so that its records are counted by topic.
    const SEVERAL_TOPICS: bool = false;

    /// Where it goes.
    fn topic(&self) -> Topic;
    /// What it is partitioned by.
    fn key(&self) -> Cow<'_, str>;
    /// Appends its value in wire format.
    fn encode(&self, encoder: &Encoder, out: &mut Vec<u8>);
}

macro_rules! reads {
    ($($record:ty: |$it:ident| $tenant:expr, $source:expr);+ $(;)?) => {$(
        impl Input for $record {
            fn decode(record: &Wire<'_>, decoder: &mut Decoder) -> Result<Self, DecodeError> {
                decoder.decode(record.value)
            }

            fn sender(&self) -> Sender {
                let $it = self;
                Sender::new($tenant, $source)
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
    model::Event: |it| &it.tenant, Some(it.source.as_str());
    model::ScoredEvent: |it| &it.event.tenant, Some(it.event.source.as_str());
    model::Signal: |it| &it.tenant, None;
    model::StoryMember: |it| &it.tenant, Some(it.source.as_str());
    model::StoryPart: |it| &it.tenant, None;
    model::StoryChange: |it| &it.tenant, None;
    model::Detection: |it| &it.tenant, None;
    model::Notification: |it| &it.tenant, None;
    model::Receipt: |it| &it.tenant, None;
    model::DeadLetter: |it| it.tenant.as_deref().unwrap_or_default(), it.source.as_deref();
);

// An enriched signal is one of the enricher's own.
writes! {
    RawEvent => Topic::IngestEvents,
    model::Event => Topic::EventsNormalized,
    model::ScoredEvent => Topic::EventsScored,
    model::StoryMember => Topic::StoriesMembers,
    model::StoryPart => Topic::StoriesParts,
    model::StoryChange => Topic::StoriesChanges,
    model::Signal => Topic::Signals,
    model::Detection => Topic::Detections,
    model::Notification => Topic::NotificationsOutbox,
    model::Receipt => Topic::NotificationsReceipts,
    model::DeadLetter => Topic::DeadLetters,
    model::Replay => Topic::DeadLetterReplays,
    model::ChannelState => Topic::NotificationsChannels,
    model::SourceCommand => Topic::SourcesCommands,
}

/// A source is of a tenant only where it is configured.
impl Input for model::SourceCommand {
    fn decode(record: &Wire<'_>, decoder: &mut Decoder) -> Result<Self, DecodeError> {
        decoder.decode(record.value)
    }
}

/// What stands on the ingest topic, whoever wrote it. An event without an id gets one by the record's place.
impl Input for RawEvent {
    fn decode(record: &Wire<'_>, decoder: &mut Decoder) -> Result<Self, DecodeError> {
        let mut event = Self::from_record(record.headers, record.value, decoder)?;
        event.ensure_id(&record.request());
        Ok(event)
    }

    fn sender(&self) -> Sender {
        Sender::new(&self.tenant, Some(self.source.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{SchemaLookup, SchemaSource};
    use std::sync::Arc;

    struct NoSchemas;

    impl SchemaSource for NoSchemas {
        fn schema(&self, _: u32) -> SchemaLookup {
            SchemaLookup::Unknown("none".to_owned())
        }
    }

    /// The id that an event without one gets at this offset.
    fn id(offset: i64, headers: Headers<'_>) -> String {
        let record = Wire {
            topic: Topic::IngestEvents,
            partition: 2,
            offset,
            value: br#"{"source":"s","type":"login"}"#,
            headers,
        };
        let mut decoder = Decoder::new(Arc::new(NoSchemas));
        RawEvent::decode(&record, &mut decoder).unwrap().id
    }

    #[test]
    fn an_event_without_an_id_is_its_record_also_after_it_was_put_back() {
        assert_eq!(id(7, &[]), id(7, &[]));
        assert_ne!(id(7, &[]), id(8, &[]));
        let origin = [(ORIGIN_HEADER, Some(&b"ingest.events-2-7"[..]))];
        assert_eq!(id(99, &origin), id(7, &[]));
    }
}
