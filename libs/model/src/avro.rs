//! Avro in Confluent's wire format: a zero byte, the schema's id in four bytes (big endian), the datum.
//!
//! Source: Confluent, "Schema Registry wire format".

use crate::Record;
use serde::de::DeserializeOwned;
use serde_avro_fast::{Schema as AvroSchema, de, ser};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};
use topology::Schema;

/// The text of a schema, as it stands in `schemas/`.
pub const fn schema_text(schema: Schema) -> &'static str {
    match schema {
        Schema::RawEvent => include_str!("../../../schemas/raw_event.avsc"),
        Schema::Event => include_str!("../../../schemas/event.avsc"),
        Schema::ScoredEvent => include_str!("../../../schemas/scored_event.avsc"),
        Schema::Signal => include_str!("../../../schemas/signal.avsc"),
        Schema::Detection => include_str!("../../../schemas/detection.avsc"),
        Schema::Notification => include_str!("../../../schemas/notification.avsc"),
        Schema::Receipt => include_str!("../../../schemas/receipt.avsc"),
        Schema::DeadLetter => include_str!("../../../schemas/dead_letter.avsc"),
        Schema::Replay => include_str!("../../../schemas/replay.avsc"),
    }
}

static PARSED: LazyLock<Vec<AvroSchema>> = LazyLock::new(|| Schema::ALL.map(parse_own).into());

#[expect(
    clippy::panic,
    reason = "the texts are compiled in, and a test parses every one of them"
)]
fn parse_own(schema: Schema) -> AvroSchema {
    schema_text(schema)
        .parse()
        .unwrap_or_else(|error| panic!("schemas/{}.avsc: {error}", schema.file_stem()))
}

/// The most elements of one array or map that is read: a datum that claims more is refused before memory is.
const MAX_SEQUENCE: usize = 1_000_000;
const HEADER: usize = 5;

/// The registry's ids of our own schemas, by [`Schema`] number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SchemaIds(pub [u32; Schema::ALL.len()]);

/// A schema that somebody wrote with.
#[derive(Debug, Clone)]
pub struct WriterSchema(Arc<AvroSchema>);

impl WriterSchema {
    /// Parses the JSON of a schema; the error says what is wrong with it.
    pub fn parse(json: &str) -> Result<Self, String> {
        json.parse()
            .map(|schema| Self(Arc::new(schema)))
            .map_err(|error: serde_avro_fast::schema::SchemaError| error.to_string())
    }
}

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
    /// The datum does not fit the schema it names.
    #[error("the Avro datum does not fit schema id {id}: {why}")]
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

/// Why a record cannot be written: it does not fit its own schema.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot be written as {schema}.avsc: {why}")]
pub struct EncodeError {
    /// The schema's file.
    pub schema: &'static str,
    /// What the writer said.
    pub why: String,
}

/// Writes records; reuses its buffers, so each lane has its own.
pub struct Encoder {
    ids: SchemaIds,
    configs: Vec<ser::SerializerConfig<'static>>,
}

impl Encoder {
    /// An encoder that puts these ids before its datums.
    pub fn new(ids: SchemaIds) -> Self {
        Self {
            ids,
            configs: PARSED.iter().map(ser::SerializerConfig::new).collect(),
        }
    }

    /// Appends the record in wire format.
    pub fn encode<R: Record>(&mut self, record: &R, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let at = R::SCHEMA as usize;
        out.push(0);
        out.extend_from_slice(&self.ids.0[at].to_be_bytes());
        let written = serde_avro_fast::to_datum(record, &mut *out, &mut self.configs[at]);
        written.map(|_| ()).map_err(|error| EncodeError {
            schema: R::SCHEMA.file_stem(),
            why: error.to_string(),
        })
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
        self.decode_any(bytes)
    }

    /// Reads a datum in wire format as any type that its writer's schema fits.
    pub fn decode_any<T: DeserializeOwned>(&mut self, bytes: &[u8]) -> Result<T, DecodeError> {
        let (id, datum) = WireHeader::split(bytes)?;
        let schema = self.writer_schema(id)?;
        let mut config = de::DeserializerConfig::new(&schema.0);
        config.max_seq_size = MAX_SEQUENCE;
        let mut state = de::DeserializerState::with_config(de::read::SliceRead::new(datum), config);
        T::deserialize(state.deserializer()).map_err(|error| DecodeError::Malformed {
            id,
            why: error.to_string(),
        })
    }

    fn writer_schema(&mut self, id: u32) -> Result<WriterSchema, DecodeError> {
        if let Some(schema) = self.met.get(&id) {
            return Ok(schema.clone());
        }
        match self.source.schema(id) {
            SchemaLookup::Known(schema) => {
                self.met.insert(id, schema.clone());
                Ok(schema)
            }
            SchemaLookup::Unknown(why) => Err(DecodeError::UnknownSchema { id, why }),
            SchemaLookup::Unavailable(why) => Err(DecodeError::RegistryUnavailable { id, why }),
        }
    }
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
