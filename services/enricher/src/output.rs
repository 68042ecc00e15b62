//! What the enricher writes: the signal that people, the sink and the notifier see.

use std::borrow::Cow;

use model::{Encoder, Record, Signal};
use stage::Output;
use topology::Topic;

/// A signal with everything that is known of it, on its way to `signals.enriched`.
#[derive(Debug, Clone, PartialEq)]
pub struct EnrichedSignal(pub Signal);

impl Output for EnrichedSignal {
    fn topic(&self) -> Topic {
        Topic::SignalsEnriched
    }

    fn key(&self) -> Cow<'_, str> {
        Record::key(&self.0)
    }

    fn encode(&self, encoder: &Encoder, out: &mut Vec<u8>) {
        encoder.encode(&self.0, out);
    }
}
