//! Stages that change nothing: what they cost is the runtime's.

use model::{DecodeError, Decoder, Encoder, Event};
use stage::{Cx, Emit, Input, Output, Poison, Stage, Wire};
use std::borrow::Cow;
use topology::Topic;

/// Decodes, says whose process it is, encodes.
pub(super) struct Relay(pub(super) String);

/// An event as it came, but for its author, who is the process that relayed it.
pub(super) struct Relayed(Event);

impl Stage for Relay {
    type In = Event;
    type Out = Relayed;
    type Stores = ();

    fn apply(&mut self, mut event: Event, (): &mut (), _: &Cx<'_>) -> Result<Emit<Relayed>, Poison> {
        let author = event.author.get_or_insert_default();
        author.clone_from(&self.0);
        Ok(Emit::One(Relayed(event)))
    }
}

impl Output for Relayed {
    fn topic(&self) -> Topic {
        Topic::EventsScored
    }

    fn key(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.0.subject)
    }

    fn encode(&self, encoder: &Encoder, out: &mut Vec<u8>) {
        encoder.encode(&self.0, out);
    }
}

/// Bytes in, the same bytes out.
pub(super) struct RelayBytes;

/// The value of a record, and its key.
pub(super) struct Bytes {
    key: String,
    value: Vec<u8>,
}

impl Input for Bytes {
    fn decode(record: &Wire<'_>, _: &mut Decoder) -> Result<Self, DecodeError> {
        Ok(Self {
            key: String::new(),
            value: record.value.to_vec(),
        })
    }
}

impl Output for Bytes {
    fn topic(&self) -> Topic {
        Topic::EventsScored
    }

    fn key(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.key)
    }

    fn encode(&self, _: &Encoder, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.value);
    }
}

impl Stage for RelayBytes {
    type In = Bytes;
    type Out = Bytes;
    type Stores = ();

    fn apply(&mut self, bytes: Bytes, (): &mut (), cx: &Cx<'_>) -> Result<Emit<Bytes>, Poison> {
        let key = std::str::from_utf8(cx.key.unwrap_or_default());
        let key = key.map_err(|error| Poison::ours("key_not_text", error.to_string()))?;
        Ok(Emit::One(Bytes {
            key: key.to_owned(),
            ..bytes
        }))
    }
}
