//! Dead letters: records that can never be processed.

use crate::{Millis, Record, avro};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use topology::Schema;

/// Whose fault a dead letter is. What the producer did never stops a stage; what we did does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fault {
    /// A defect, a setting, a receiver: somebody here must act.
    #[default]
    Ours,
    /// What was sent can never be processed, whoever processes it.
    Producer,
}

avro::symbols!(Fault { Ours, Producer });

impl Fault {
    /// The fault's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Producer => "producer",
        }
    }
}

/// A record that can never be processed, with everything needed to see why and to send it again.
/// `schemas/dead_letter.avsc` says what each field means.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[expect(
    missing_docs,
    reason = "the schema says it of every field, and a test holds it to that"
)]
pub struct DeadLetter {
    pub stage: String,
    pub topic: String,
    pub partition: i32,
    pub offset: i64,
    pub time: Millis,
    pub reason: String,
    pub message: String,
    #[serde(default)]
    pub trace_id: Option<String>,
    #[serde(default, with = "serde_bytes")]
    pub key: Option<Vec<u8>>,
    #[serde(default, with = "serde_bytes")]
    pub payload: Option<Vec<u8>>,
    #[serde(default)]
    pub headers: Vec<Header>,
    #[serde(default = "once")]
    pub attempts: i32,
    #[serde(default)]
    pub fault: Fault,
    #[serde(default)]
    pub tenant: Option<String>,
    #[serde(default)]
    pub source: Option<String>,
}

avro::record!(DeadLetter {
    stage,
    topic,
    partition,
    offset,
    time,
    reason,
    message,
    trace_id,
    key,
    payload,
    headers,
    attempts,
    fault,
    tenant,
    source,
});

const fn once() -> i32 {
    1
}

/// A header of a Kafka record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Its name; the same name may come several times.
    pub key: String,
    /// Its value, byte for byte.
    #[serde(default, with = "serde_bytes")]
    pub value: Option<Vec<u8>>,
}

avro::record!(Header { key, value });

impl Record for DeadLetter {
    const SCHEMA: Schema = Schema::DeadLetter;

    fn key(&self) -> Cow<'_, str> {
        Cow::Owned(format!("{}-{}", self.topic, self.partition))
    }
}
