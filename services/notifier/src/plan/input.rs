//! What the plan reads: enriched signals, detections, and how channels fare.

use model::{ChannelState, DecodeError, Decoder, Detection, Signal};
use stage::{Input, Wire};
use topology::Topic;

/// Something that people may want to be told of.
#[derive(Debug, Clone, PartialEq)]
pub enum PlanInput {
    /// A signal with its final score, level and state.
    Signal(Box<Signal>),
    /// A detection.
    Detection(Detection),
    /// A channel that is disabled, or enabled again.
    Channel(ChannelState),
}

impl Input for PlanInput {
    fn decode(record: &Wire<'_>, decoder: &mut Decoder) -> Result<Self, DecodeError> {
        match record.topic {
            Topic::Detections => decoder.decode(record.value).map(Self::Detection),
            Topic::NotificationsChannels => decoder.decode(record.value).map(Self::Channel),
            _ => decoder
                .decode(record.value)
                .map(|signal| Self::Signal(Box::new(signal))),
        }
    }
}
