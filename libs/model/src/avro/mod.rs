//! Avro in Confluent's wire format: a zero byte, the schema's id in four bytes (big endian), the datum.
//!
//! Source: Confluent, "Schema Registry wire format".

pub(crate) mod datum;
mod writer;

pub use datum::{Datum, Malformed};
pub(crate) use datum::{record, symbols};
pub(crate) use writer::TimeUnit;
pub use writer::WriterSchema;

use crate::Record;
use datum::MAX_SEQUENCE;
use serde::de::DeserializeOwned;
use serde_avro_fast::de;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use topology::Schema;

/// The text of a schema, as it stands in `schemas/`.
pub const fn schema_text(schema: Schema) -> &'static str {
    match schema {
        Schema::RawEvent => include_str!("../../../../schemas/raw_event.avsc"),
        Schema::Event => include_str!("../../../../schemas/event.avsc"),
        Schema::ScoredEvent => include_str!("../../../../schemas/scored_event.avsc"),
        Schema::Signal => include_str!("../../../../schemas/signal.avsc"),
        Schema::Detection => include_str!("../../../../schemas/detection.avsc"),
        Schema::Notification => include_str!("../../../../schemas/notification.avsc"),
        Schema::Receipt => include_str!("../../../../schemas/receipt.avsc"),
        Schema::DeadLetter => include_str!("../../../../schemas/dead_letter.avsc"),
        Schema::Replay => include_str!("../../../../schemas/replay.avsc"),
        Schema::ChannelState => include_str!("../../../../schemas/channel_state.avsc"),
        Schema::StoryMember => include_str!("../../../../schemas/story_member.avsc"),
        Schema::StoryPart => include_str!("../../../../schemas/story_part.avsc"),
        Schema::StoryChange => include_str!("../../../../schemas/story_change.avsc"),
        Schema::SourceCommand => include_str!("../../../../schemas/source_command.avsc"),
    }
}

const HEADER: usize = 5;

/// The registry's ids of our own schemas, by [`Schema`] number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SchemaIds(pub [u32; Schema::ALL.len()]);

/// What asking for a schema came to.
#[derive(Debug, Clone)]
pub enum SchemaLookup {
    /// This is it.
    Known(WriterSchema),
    /// The registry says that there is none of this id, or none that can be parsed: waiting does not help.
    Unknown(String),
    /// Nobody can say now.
    Unavailable(String),
}

/// Whoever knows schemas by id.
pub trait SchemaSource: Send + Sync {
    /// The schema of this id.
    fn schema(&self, id: u32) -> SchemaLookup;
}

/// Why bytes are no record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Neither Confluent Avro nor, where it is taken, JSON.
    #[error("neither Confluent Avro (first byte 0) nor JSON: {0}")]
    Unrecognized(String),
    /// The registry does not know the schema.
    #[error("schema id {id} cannot be used: {why}")]
    UnknownSchema {
        /// The id in the record.
        id: u32,
        /// What the registry said.
        why: String,
    },
    /// The datum does not fit the schema it names, or that schema cannot be resolved against ours.
    #[error("the Avro datum of schema id {id} cannot be read: {why}")]
    Malformed {
        /// The id in the record.
        id: u32,
        /// What the reader said.
        why: String,
    },
    /// JSON, but not what is expected.
    #[error("{0}")]
    Json(String),
    /// The registry cannot be asked now: not the record's fault, so ask again.
    #[error("the schema registry cannot be asked for id {id}: {why}")]
    RegistryUnavailable {
        /// The id in the record.
        id: u32,
        /// Why it cannot be asked.
        why: String,
    },
}

/// Writes records.
#[derive(Debug, Clone, Copy)]
pub struct Encoder(SchemaIds);

impl Encoder {
    /// An encoder that puts these ids before its data.
    pub const fn new(ids: SchemaIds) -> Self {
        Self(ids)
    }

    /// Appends the record in wire format.
    pub fn encode<R: Record>(&self, record: &R, out: &mut Vec<u8>) {
        out.push(0);
        out.extend_from_slice(&self.0.0[R::SCHEMA as usize].to_be_bytes());
        record.write(out);
    }

    /// The record in wire format.
    pub fn encoded<R: Record>(&self, record: &R) -> Vec<u8> {
        let mut out = Vec::new();
        self.encode(record, &mut out);
        out
    }
}

/// Reads records; remembers the schemas it has met, so each lane has its own.
pub struct Decoder {
    source: Arc<dyn SchemaSource>,
    met: HashMap<u32, WriterSchema>,
}

impl Decoder {
    /// A decoder that asks this source for schemas it has not met.
    pub fn new(source: Arc<dyn SchemaSource>) -> Self {
        Self {
            source,
            met: HashMap::new(),
        }
    }

    /// Reads a record in wire format, by the schema it was written with; members that the writer did not know get
    /// their defaults.
    pub fn decode<R: Record>(&mut self, bytes: &[u8]) -> Result<R, DecodeError> {
        self.decode_with_unit(bytes).map(|(record, _)| record)
    }

    /// The same, and in which unit its `time` was written.
    pub(crate) fn decode_with_unit<R: Record>(&mut self, bytes: &[u8]) -> Result<(R, TimeUnit), DecodeError> {
        let (id, mut datum) = WireHeader::split(bytes)?;
        let schema = self.writer_schema(id)?;
        let read = if schema.own == Some(R::SCHEMA) {
            R::read(&mut datum).map_err(|error| malformed(id, &error))
        } else {
            read_by(schema, datum).map_err(|error| {
                let unit = schema.time_unit.told();
                malformed(id, &unresolved::<R>(&error.to_string(), unit))
            })
        };
        read.map(|record| (record, schema.time_unit.clone()))
    }

    /// Reads a datum in wire format as any type that its writer's schema fits.
    pub fn decode_any<T: DeserializeOwned>(&mut self, bytes: &[u8]) -> Result<T, DecodeError> {
        let (id, datum) = WireHeader::split(bytes)?;
        read_by(self.writer_schema(id)?, datum).map_err(|error| malformed(id, &error))
    }

    fn writer_schema(&mut self, id: u32) -> Result<&WriterSchema, DecodeError> {
        match self.met.entry(id) {
            Entry::Occupied(met) => Ok(met.into_mut()),
            Entry::Vacant(place) => match self.source.schema(id) {
                SchemaLookup::Known(schema) => Ok(place.insert(schema)),
                SchemaLookup::Unknown(why) => Err(DecodeError::UnknownSchema { id, why }),
                SchemaLookup::Unavailable(why) => Err(DecodeError::RegistryUnavailable { id, why }),
            },
        }
    }
}

fn malformed(id: u32, why: &impl ToString) -> DecodeError {
    DecodeError::Malformed {
        id,
        why: why.to_string(),
    }
}

/// Why a datum of another schema is no record of ours, and what else is different about it.
fn unresolved<R: Record>(error: &str, unit: Option<String>) -> String {
    // The library says of the end of the data only what it was about to read.
    let ends = if error.contains("EOF") {
        "it ends before its schema does: "
    } else {
        ""
    };
    let unit = unit.map(|unit| format!("; {unit}")).unwrap_or_default();
    let ours = R::SCHEMA.file_stem();
    format!("{ends}{error} (resolved against schemas/{ours}.avsc{unit})")
}

/// A datum of any schema, by walking it.
fn read_by<T: DeserializeOwned>(schema: &WriterSchema, datum: &[u8]) -> Result<T, de::DeError> {
    let mut config = de::DeserializerConfig::new(&schema.parsed);
    config.max_seq_size = MAX_SEQUENCE;
    let mut state = de::DeserializerState::with_config(de::read::SliceRead::new(datum), config);
    T::deserialize(state.deserializer())
}

/// The five bytes before a datum.
pub struct WireHeader;

impl WireHeader {
    /// The schema's id, and the datum behind it.
    pub fn split(bytes: &[u8]) -> Result<(u32, &[u8]), DecodeError> {
        match bytes {
            [0, a, b, c, d, datum @ ..] => Ok((u32::from_be_bytes([*a, *b, *c, *d]), datum)),
            [0, ..] => Err(DecodeError::Unrecognized(format!(
                "{} bytes, {HEADER} are the least",
                bytes.len()
            ))),
            [first, ..] => Err(DecodeError::Unrecognized(format!("first byte {first:#04x}"))),
            [] => Err(DecodeError::Unrecognized("no bytes".to_owned())),
        }
    }
}
