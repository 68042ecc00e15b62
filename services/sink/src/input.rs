//! What the sink reads: an enum over its topics.

use model::{
    DeadLetter, DecodeError, Decoder, Detection, Notification, RawEvent, Receipt, ScoredEvent, Signal,
    StoryChange, StoryMember,
};
use stage::{Input, Wire};
use topology::Topic;

/// One record of any topic the sink reads.
#[derive(Debug)]
pub enum SinkInput {
    /// A delivery on the ingest topic.
    Raw(Box<RawEvent>),
    /// An event with its score. `events.normalized` is not read: the same event follows here, whole, or as a dead
    /// letter of the scorer, and storing both would write every event twice.
    Scored(Box<ScoredEvent>),
    /// Which part of a story a text belongs to.
    Member(StoryMember),
    /// A change of what belongs together.
    Change(Box<StoryChange>),
    /// A version of a signal.
    Signal(Box<Signal>),
    /// A detection.
    Detection(Box<Detection>),
    /// What is to be sent.
    Notification(Box<Notification>),
    /// What came of it.
    Receipt(Receipt),
    /// A record that some stage could not process.
    DeadLetter(DeadLetter),
}

impl Input for SinkInput {
    fn decode(record: &Wire<'_>, decoder: &mut Decoder) -> Result<Self, DecodeError> {
        let (topic, value) = (record.topic, record.value);
        Ok(match topic {
            Topic::IngestEvents => Self::Raw(Box::new(RawEvent::decode(record, decoder)?)),
            Topic::EventsScored => Self::Scored(Box::new(decoder.decode(value)?)),
            Topic::StoriesMembers => Self::Member(decoder.decode(value)?),
            Topic::StoriesChanges => Self::Change(Box::new(decoder.decode(value)?)),
            Topic::SignalsEnriched => Self::Signal(Box::new(decoder.decode(value)?)),
            Topic::Detections => Self::Detection(Box::new(decoder.decode(value)?)),
            Topic::NotificationsOutbox => Self::Notification(Box::new(decoder.decode(value)?)),
            Topic::NotificationsReceipts => Self::Receipt(decoder.decode(value)?),
            Topic::DeadLetters => Self::DeadLetter(decoder.decode(value)?),
            Topic::EventsNormalized
            | Topic::StoriesParts
            | Topic::Signals
            | Topic::DeadLetterReplays
            | Topic::NotificationsChannels
            | Topic::SourcesCommands => {
                return Err(DecodeError::Unrecognized(format!(
                    "the sink does not read {}",
                    topic.name()
                )));
            }
        })
    }
}
