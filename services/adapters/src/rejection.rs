//! Why a request or one of its events is not taken. Every reason is the sender's to mend, so every one is a 4xx.

use access::Forbidden;
use admission::{Reason, Refusal};
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
    /// More events than one request may bring.
    #[error("{count} events in one request; send at most {limit}")]
    BatchTooLarge {
        /// Events sent.
        count: usize,
        /// Most events.
        limit: usize,
    },
    /// An event that nobody behind would take either.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// An event that is not its sender's to send.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
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
    /// A media type that is not read here.
    #[error("{0:?} is not read here; send {1}")]
    MediaType(String, &'static str),
    /// A header that is given twice or is not text.
    #[error("header `{0}` must be given once, as text, percent-encoded outside ASCII")]
    Header(String),
    /// An idempotency key that is none.
    #[error("`Idempotency-Key` must be 1 to {0} visible ASCII characters")]
    IdempotencyKey(usize),
    /// A source or a tenant that is not heard.
    #[error("nothing is taken from this source or tenant, by adapters.mute; ask whoever runs this")]
    Muted,
}

/// What the normalizer says of a record on the ingest topic that is no CloudEvent.
const CLOUDEVENT: &str = Reason::InvalidCloudEvent.code();

impl Rejection {
    /// The status, a short name for metrics and problem types, and a title for people.
    pub fn describe(&self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::Empty(_) => (StatusCode::BAD_REQUEST, "empty_body", "Empty body"),
            Self::NotUtf8 { .. } => (StatusCode::BAD_REQUEST, "not_utf8", "Not UTF-8"),
            Self::NotJson(_) => (StatusCode::BAD_REQUEST, "not_json", "Not JSON"),
            Self::BatchTooLarge { .. } => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "batch_too_large",
                "Too many events in one request",
            ),
            Self::Refused(refusal) => refused(refusal.reason()),
            Self::Forbidden(forbidden) => (
                StatusCode::FORBIDDEN,
                forbidden.reason(),
                "Not this key's to send",
            ),
            Self::CloudEvent(RawEventError::NotAnObject(_)) => {
                (StatusCode::BAD_REQUEST, CLOUDEVENT, "Not a JSON object")
            }
            Self::CloudEvent(_) => (StatusCode::UNPROCESSABLE_ENTITY, CLOUDEVENT, "Not a CloudEvent"),
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
            Self::Header(_) | Self::IdempotencyKey(_) => {
                (StatusCode::BAD_REQUEST, "invalid_header", "Invalid header")
            }
            Self::Muted => (StatusCode::FORBIDDEN, "muted", "Source or tenant muted"),
        }
    }
}

/// The code is the same as on a dead letter.
fn refused(reason: Reason) -> (StatusCode, &'static str, &'static str) {
    let title = match reason {
        Reason::InvalidCloudEvent => "Not a CloudEvent",
        Reason::ControlCharacter => "Control character in an attribute",
        Reason::IdTooLong | Reason::SourceTooLong | Reason::TypeTooLong | Reason::AttributeTooLong => {
            "Attribute too long"
        }
        Reason::InvalidTenant => "Not a tenant",
        Reason::TooManyExtensions => "Too many extension attributes",
        Reason::TimeOutOfRange => "Time out of range",
        Reason::TimeAhead => "Time ahead of the clock",
        Reason::DataTooLarge => "Data too large",
        Reason::DataTooDeep => "Data nested too deeply",
        Reason::DataNotUtf8 => "Data is not UTF-8",
        Reason::TooManyMembers => "Too many members",
        Reason::AmbiguousMember => "Member with two values",
        Reason::InvalidData => "Data is not what it is said to be",
    };
    let status = match reason {
        Reason::DataTooDeep | Reason::DataNotUtf8 => StatusCode::BAD_REQUEST,
        Reason::DataTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    (status, reason.code(), title)
}
