//! Why a request or one of its events is not taken. Every reason is the sender's to mend, so every one is a 4xx.

use axum::http::StatusCode;
use model::RawEventError;

/// Why a request or one of its events is not taken. The text says what, where, and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    /// Nothing was sent.
    #[error("the body is empty; send {0}")]
    Empty(&'static str),
    /// JSON that is not UTF-8.
    #[error("not valid UTF-8 from byte {at} on; send JSON in UTF-8 (RFC 8259 section 8.1)")]
    NotUtf8 {
        /// Offset of the first bad byte.
        at: usize,
    },
    /// Not JSON.
    #[error("not valid JSON: {0}")]
    NotJson(String),
    /// JSON that is nested too deeply.
    #[error("JSON nested deeper than {limit} levels at byte {at}; send a flatter document")]
    TooDeep {
        /// Most levels.
        limit: usize,
        /// Offset of the bracket that is too many.
        at: usize,
    },
    /// Data that is said to be JSON and is not.
    #[error("`data` is not sound JSON: {0}; mend it, or name its media type in `datacontenttype`")]
    UnsoundData(String),
    /// More events than one request may bring.
    #[error("{count} events in one request; send at most {limit}")]
    BatchTooLarge {
        /// Events sent.
        count: usize,
        /// Most events.
        limit: usize,
    },
    /// An attribute that is too long.
    #[error("`{name}` is {length} bytes long; at most {limit} are taken")]
    TooLong {
        /// The attribute.
        name: String,
        /// Its length in bytes.
        length: usize,
        /// Most bytes.
        limit: usize,
    },
    /// Too many extension attributes.
    #[error("{count} extension attributes; at most {limit} are taken, put the rest into `data`")]
    TooManyExtensions {
        /// Extensions sent.
        count: usize,
        /// Most extensions.
        limit: usize,
    },
    /// NUL, line feed or another control character in an attribute.
    #[error("`{name}` holds the control character U+{code:04X}; CloudEvents attributes hold none")]
    ControlCharacter {
        /// The attribute.
        name: String,
        /// The character.
        code: u32,
    },
    /// A time before 1970 or after 9999.
    #[error("`{name}` is outside 1970-01-01 to 9999-12-31; send RFC 3339 or milliseconds since 1970")]
    TimeOutOfRange {
        /// The attribute.
        name: &'static str,
    },
    /// Not a `CloudEvent`.
    #[error(transparent)]
    CloudEvent(#[from] RawEventError),
    /// A member that the dialect requires is missing, null or empty.
    #[error("`{name}` is missing or empty; send {form}")]
    Missing {
        /// The member.
        name: &'static str,
        /// The dialect's shape.
        form: &'static str,
    },
    /// A member that is not of its type.
    #[error("`{name}` must be {wanted}")]
    WrongType {
        /// The member.
        name: String,
        /// What it must be.
        wanted: &'static str,
    },
    /// A type that the dialect does not have.
    #[error("`type` is {given:?}; it must be one of {known}")]
    UnknownType {
        /// What was sent.
        given: String,
        /// What may be sent.
        known: &'static str,
    },
    /// A body that has none of the shapes that are read on this path.
    #[error("the body has none of the shapes read here; send {0}")]
    UnknownShape(&'static str),
    /// A media type or content coding that is not read here.
    #[error("{0:?} is not read here; send {1}")]
    MediaType(String, &'static str),
    /// A `ce-` header that is given twice or is not text.
    #[error("header `{0}` must be given once, as text, percent-encoded outside ASCII")]
    Header(String),
}

impl Rejection {
    /// The status, a short name for metrics and problem types, and a title for people.
    pub fn describe(&self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::Empty(_) => (StatusCode::BAD_REQUEST, "empty_body", "Empty body"),
            Self::NotUtf8 { .. } => (StatusCode::BAD_REQUEST, "not_utf8", "Not UTF-8"),
            Self::NotJson(_) => (StatusCode::BAD_REQUEST, "not_json", "Not JSON"),
            Self::TooDeep { .. } => (StatusCode::BAD_REQUEST, "too_deep", "JSON nested too deeply"),
            Self::UnsoundData(_) => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid_data",
                "Data is not JSON",
            ),
            Self::BatchTooLarge { .. } => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "batch_too_large",
                "Too many events in one request",
            ),
            Self::TooLong { .. } => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "attribute_too_long",
                "Attribute too long",
            ),
            Self::TooManyExtensions { .. } => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "too_many_extensions",
                "Too many extension attributes",
            ),
            Self::ControlCharacter { .. } => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "control_character",
                "Control character in an attribute",
            ),
            Self::TimeOutOfRange { .. } => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "time_out_of_range",
                "Time out of range",
            ),
            Self::CloudEvent(RawEventError::NotAnObject(_)) => {
                (StatusCode::BAD_REQUEST, "not_an_object", "Not a JSON object")
            }
            Self::CloudEvent(_) => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid_cloudevent",
                "Not a CloudEvent",
            ),
            Self::Missing { .. } => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "missing_member",
                "Member missing",
            ),
            Self::WrongType { .. } => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "wrong_type",
                "Member of a wrong type",
            ),
            Self::UnknownType { .. } => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "unknown_type",
                "Unknown event type",
            ),
            Self::UnknownShape(_) => (StatusCode::UNPROCESSABLE_ENTITY, "unknown_shape", "Unknown shape"),
            Self::MediaType(..) => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "media_type",
                "Media type not read here",
            ),
            Self::Header(_) => (StatusCode::BAD_REQUEST, "invalid_header", "Invalid header"),
        }
    }
}
