//! What the sink reads: an enum over its topics.

use model::{
    DeadLetter, DecodeError, Decoder, Detection, Notification, RawEvent, Receipt, ScoredEvent, Signal,
};
use stage::Input;
use topology::Topic;

/// One record of any topic the sink reads.
#[derive(Debug)]
pub enum SinkInput {
    /// A delivery on the ingest topic.
    Raw(Box<RawEvent>),
    /// A normalized event, left unread. The same event follows on `events.scored`, whole and with its score, or as a
    /// dead letter of the scorer: storing it here too would write every event twice.
    Normalized,
    /// An event with its score.
    Scored(Box<ScoredEvent>),
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
    fn decode(topic: Topic, value: &[u8], decoder: &mut Decoder) -> Result<Self, DecodeError> {
        Ok(match topic {
            Topic::IngestEvents => Self::Raw(Box::new(RawEvent::decode(topic, value, decoder)?)),
            Topic::EventsNormalized => Self::Normalized,
            Topic::EventsScored => Self::Scored(Box::new(decoder.decode(value)?)),
            Topic::Signals | Topic::SignalsEnriched => Self::Signal(Box::new(decoder.decode(value)?)),
            Topic::Detections => Self::Detection(Box::new(decoder.decode(value)?)),
            Topic::NotificationsOutbox => Self::Notification(Box::new(decoder.decode(value)?)),
            Topic::NotificationsReceipts => Self::Receipt(decoder.decode(value)?),
            Topic::DeadLetters => Self::DeadLetter(decoder.decode(value)?),
        })
    }
}
