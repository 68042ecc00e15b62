//! Raw events: what they hold, how they are read from CloudEvents, and which id one gets that has none.

mod identity;
mod kafka;
mod structured;

pub use identity::Request;
pub use kafka::{Headers, is_in_headers};
pub use structured::{check_version, parse_time};

use crate::{Millis, Record, avro, default_tenant};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use topology::Schema;

/// What a source sent, in CloudEvents terms. `schemas/raw_event.avsc` says what each field means.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[expect(
    missing_docs,
    reason = "the schema says it of every field, and a test holds it to that"
)]
pub struct RawEvent {
    pub id: String,
    pub source: String,
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default)]
    pub subject: Option<String>,
    #[serde(default)]
    pub time: Option<Millis>,
    #[serde(default = "default_tenant")]
    pub tenant: String,
    #[serde(default)]
    pub datacontenttype: Option<String>,
    #[serde(default, with = "serde_bytes")]
    pub data: Option<Vec<u8>>,
    #[serde(default)]
    pub extensions: BTreeMap<String, String>,
    #[serde(default)]
    pub principal: Option<String>,
    #[serde(default)]
    pub trusted: bool,
}

avro::record!(RawEvent {
    id,
    source,
    kind,
    subject,
    time,
    tenant,
    datacontenttype,
    data,
    extensions,
    principal,
    trusted
});

impl Record for RawEvent {
    const SCHEMA: Schema = Schema::RawEvent;

    fn key(&self) -> Cow<'_, str> {
        match self.subject.as_deref() {
            Some(subject) if !subject.is_empty() => Cow::Borrowed(subject),
            _ => Cow::Owned(format!("{}\u{1f}{}", self.source, self.id)),
        }
    }
}

/// Why a JSON text is no CloudEvent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RawEventError {
    /// Not JSON, or not a JSON object.
    #[error("not a JSON object: {0}; send one CloudEvent as a JSON object")]
    NotAnObject(String),
    /// A required attribute is missing or empty.
    #[error("`{0}` is missing or empty; CloudEvents require it")]
    Missing(&'static str),
    /// An attribute is not of its type.
    #[error("`{name}` must be {wanted}")]
    WrongType {
        /// The attribute.
        name: String,
        /// What it must be.
        wanted: &'static str,
    },
    /// A `specversion` that is not 1.x.
    #[error("`specversion` is {0:?}; only \"1.0\" is understood")]
    Version(String),
    /// Both `data` and `data_base64`.
    #[error("`data` and `data_base64` are both given; send one of them")]
    TwoPayloads,
}
