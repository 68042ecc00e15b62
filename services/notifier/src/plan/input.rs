//! What the plan reads: enriched signals and detections.

use model::{DecodeError, Decoder, Detection, Signal};
use stage::{Input, Wire};
use topology::Topic;

/// Something that people may want to be told of.
#[derive(Debug, Clone, PartialEq)]
pub enum PlanInput {
    /// A signal with its final score, level and state.
    Signal(Signal),
    /// A detection.
    Detection(Detection),
}

impl Input for PlanInput {
    fn decode(record: &Wire<'_>, decoder: &mut Decoder) -> Result<Self, DecodeError> {
        match record.topic {
            Topic::Detections => decoder.decode(record.value).map(Self::Detection),
            _ => decoder.decode(record.value).map(Self::Signal),
        }
    }
}
