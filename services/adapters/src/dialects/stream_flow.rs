//! StreamFlow: `{"type", "source", "timestamp", "severity", "data", …}`. No I/O.

use model::RawEvent;

use super::blank;
use crate::admit::CORRELATION;
use crate::json::Members;
use crate::rejection::Rejection;

const FORM: &str = "{\"type\":…,\"source\":…,\"timestamp\":…,\"severity\":…,\"data\":{…}}";

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
