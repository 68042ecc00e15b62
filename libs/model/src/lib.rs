//! Plain types of the stream and their Avro codec against `schemas/`. No tokio, no Kafka, no clock.

mod avro;
mod channel_state;
mod dead_letter;
mod decimal;
mod detection;
mod event;
mod json;
mod media;
mod notification;
pub mod presented;
mod raw_event;
mod record;
mod replay;
mod signal;
mod source_command;
mod story;
mod tenant;
mod value;

pub use avro::{
    Datum, DecodeError, Decoder, Encoder, Malformed, SchemaIds, SchemaLookup, SchemaSource, WireHeader,
    WriterSchema, schema_text,
};
pub use channel_state::ChannelState;
pub use dead_letter::{DeadLetter, Fault, Header};
pub use decimal::Decimal;
pub use detection::Detection;
pub use event::{Address, Amount, Coverage, Event, Reason, ScoredEvent, Shadow};
pub use json::{Json, JsonError, JsonNumber, JsonRef, Members};
pub use media::Media;
pub use notification::{Notification, Origin, Receipt, ReceiptStatus};
pub use raw_event::{Headers, RawEvent, RawEventError, Request, check_version, is_in_headers, parse_time};
pub use record::{Id, Record};
pub use replay::{Replay, ReplayedLetter};
pub use signal::{Evidence, Signal, SignalChange, SignalState};
pub use source_command::{SourceAction, SourceCommand};
pub use story::{
    Correction, CorrectionAction, MinuteCount, StoryChange, StoryChangeKind, StoryMember, StoryPart,
};
pub use tenant::{LONGEST_TENANT, OPERATIONAL_TENANT, TENANT_RULE, is_tenant};
pub use value::{Facts, Value};

/// Milliseconds since 1970-01-01T00:00:00Z.
pub type Millis = i64;

/// The tenant of events that name none.
pub const DEFAULT_TENANT: &str = "default";

pub(crate) fn default_tenant() -> String {
    DEFAULT_TENANT.to_owned()
}
