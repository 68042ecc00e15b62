//! Why an event is refused, in words: what, where, and how to mend it.

use crate::reason::Reason;
use model::presented::Hiding;
use model::{Millis, TENANT_RULE};

/// Why an event is refused. Every one is the sender's to mend.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A required attribute is missing or blank.
    #[error("`{0}` is missing or empty; CloudEvents require it")]
    Missing(&'static str),
    /// NUL, line feed or another control character in an attribute.
    #[error("`{name}` holds the control character U+{code:04X}; CloudEvents attributes hold none")]
    ControlCharacter {
        /// The attribute.
        name: String,
        /// The character.
        code: u32,
    },
    /// An attribute that is too long.
    #[error("`{name}` is {length} bytes long; at most {limit} are taken")]
    TooLong {
        /// The attribute.
        name: String,
        /// Its length.
        length: usize,
        /// Most bytes.
        limit: usize,
    },
    /// A tenant of letters that no tenant has.
    #[error("`tenant` is {0:?}; tenants are {TENANT_RULE}")]
    Tenant(String),
    /// Too many extension attributes.
    #[error("{count} extension attributes; at most {limit} are taken, put the rest into `data`")]
    TooManyExtensions {
        /// As sent.
        count: usize,
        /// Most of them.
        limit: usize,
    },
    /// A time before 1970 or after 9999.
    #[error(
        "`time` is {0} ms since 1970, outside 1970-01-01 to 9999-12-31; send RFC 3339 or milliseconds since 1970, \
         and look whether microseconds or nanoseconds were sent"
    )]
    TimeOutOfRange(Millis),
    /// A time that has not come.
    #[error(
        "`time` is {by} ms ahead of the clock here, more than {limit}; check the sender's clock and zone"
    )]
    TimeAhead {
        /// How far.
        by: Millis,
        /// How far it may be.
        limit: Millis,
    },
    /// Data that is too large.
    #[error("the data is {length} bytes long; at most {limit} are taken")]
    DataTooLarge {
        /// Its length.
        length: usize,
        /// Most bytes.
        limit: usize,
    },
    /// Data that is nested too deeply.
    #[error("the data is nested deeper than {0} levels; send it flatter")]
    DataTooDeep(usize),
    /// Text that is not UTF-8.
    #[error("the data is not UTF-8 at byte {0}; encode text as UTF-8")]
    DataNotUtf8(usize),
    /// Data that is said to be JSON and is not.
    #[error("the data is not JSON: {0}; send JSON, or say what it is in `datacontenttype`")]
    NotJson(String),
    /// More members than are kept, so that some would hide others.
    #[error("{0}")]
    TooManyMembers(Hiding),
    /// One member with two values.
    #[error("{0}")]
    AmbiguousMember(Hiding),
    /// Data of a content type that nobody reads.
    #[error("data of type {0:?} is not understood; send application/json or text/plain")]
    ContentType(String),
}

impl Refusal {
    /// The reason.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Missing(_) => Reason::InvalidCloudEvent,
            Self::ControlCharacter { .. } => Reason::ControlCharacter,
            Self::TooLong { name, .. } => match name.as_str() {
                "id" => Reason::IdTooLong,
                "source" => Reason::SourceTooLong,
                "type" => Reason::TypeTooLong,
                _ => Reason::AttributeTooLong,
            },
            Self::Tenant(_) => Reason::InvalidTenant,
            Self::TooManyExtensions { .. } => Reason::TooManyExtensions,
            Self::TimeOutOfRange(_) => Reason::TimeOutOfRange,
            Self::TimeAhead { .. } => Reason::TimeAhead,
            Self::DataTooLarge { .. } => Reason::DataTooLarge,
            Self::DataTooDeep(_) => Reason::DataTooDeep,
            Self::DataNotUtf8(_) => Reason::DataNotUtf8,
            Self::TooManyMembers(_) => Reason::TooManyMembers,
            Self::AmbiguousMember(_) => Reason::AmbiguousMember,
            Self::NotJson(_) | Self::ContentType(_) => Reason::InvalidData,
        }
    }
}
