//! StreamFlow: `{"type", "source", "timestamp", "severity", "data", …}`. No I/O.

use model::RawEvent;

use super::{Dialect, Incoming, Reading, blank};
use crate::admit::CORRELATION;
use crate::json::{Members, utf8};
use crate::rejection::Rejection;

const FORM: &str = "{\"type\":…,\"source\":…,\"timestamp\":…,\"severity\":…,\"data\":{…}}";

/// Reads one text frame, which holds one event.
pub(super) fn read(incoming: &Incoming<'_>) -> Result<Reading, Rejection> {
    if incoming.body.trim_ascii().is_empty() {
        return Err(Rejection::Empty(FORM));
    }
    Ok(Reading::one(
        Dialect::StreamFlow,
        utf8(incoming.body).and_then(event),
    ))
}

/// Reads one event. Severity, tags and everything else it does not name become extensions.
pub(super) fn event(json: &str) -> Result<RawEvent, Rejection> {
    let mut members = Members::read(json, FORM)?;
    let source = members.required("source")?;
    let user = members.label("user_id")?.map(|user| format!("user:{user}"));
    let correlation = members.label("correlation_id")?;
    let mut event = RawEvent {
        kind: members.required("type")?,
        subject: user.or_else(|| Some(format!("source:{source}"))),
        id: members.label("id")?.unwrap_or_default(),
        time: members.time("timestamp")?,
        data: members.bytes("data"),
        source,
        ..blank()
    };
    let tags = members
        .raw("tags")
        .and_then(|tags| serde_json::from_str::<Vec<String>>(tags).ok());
    event.extensions = members.rest();
    event
        .extensions
        .extend(tags.map(|tags| ("tags".to_owned(), tags.join(","))));
    event
        .extensions
        .extend(correlation.map(|id| (CORRELATION.to_owned(), id)));
    Ok(event)
}
