//! Three stages over JSON: normalize, score, aggregate. They do to an event exactly what the Kafka Streams twin does, so
//! that the two runtimes can be compared.

mod aggregate;
mod normalize;
mod post;
mod score;

pub(super) use aggregate::Aggregate;
pub(super) use normalize::Normalize;
pub(super) use score::Score;

use model::{DecodeError, Encoder};
use serde::Serialize;
use serde::de::DeserializeOwned;
use stage::Output;
use std::borrow::Cow;
use topology::Topic;

/// What comes out of each of the three: a value as JSON, under the key that its input had.
pub(super) struct Json {
    topic: Topic,
    key: String,
    value: Vec<u8>,
}

impl Json {
    fn of<V: Serialize>(topic: Topic, key: String, value: &V) -> Result<Self, stage::Poison> {
        let value = serde_json::to_vec(value);
        let value = value.map_err(|error| stage::Poison::ours("not_json", error.to_string()))?;
        Ok(Self { topic, key, value })
    }
}

impl Output for Json {
    fn topic(&self) -> Topic {
        self.topic
    }

    fn key(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.key)
    }

    fn encode(&self, _: &Encoder, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.value);
    }
}

fn parse<V: DeserializeOwned>(value: &[u8]) -> Result<V, DecodeError> {
    serde_json::from_slice(value).map_err(|error| DecodeError::Json(error.to_string()))
}
