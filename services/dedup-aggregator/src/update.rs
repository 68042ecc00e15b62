//! What the stage writes: a new version of a signal.

use model::{Encoder, Record, Signal};
use stage::Output;
use std::borrow::Cow;
use topology::Topic;

/// A new version of a signal, for the `signals` topic.
#[derive(Debug, Clone, PartialEq)]
pub struct SignalUpdate(pub Signal);

impl Output for SignalUpdate {
    fn topic(&self) -> Topic {
        Topic::Signals
    }

    fn key(&self) -> Cow<'_, str> {
        Record::key(&self.0)
    }

    fn encode(&self, encoder: &Encoder, out: &mut Vec<u8>) {
        encoder.encode(&self.0, out);
    }
}
