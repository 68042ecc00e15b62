//! EventFlow: `{"event_type", "user_id", "properties"}`, one event a request. No I/O.

use model::RawEvent;

use super::{Dialect, Incoming, Reading, blank};
use crate::json::{Documents, Members, documents};
use crate::limits::Limits;
use crate::rejection::Rejection;

const FORM: &str =
    "{\"event_type\":…,\"user_id\":…,\"properties\":{…}}, optionally with event_id and timestamp";

/// Reads one request.
pub(super) fn read(incoming: &Incoming<'_>, limits: &Limits) -> Result<Reading, Rejection> {
    if incoming.body.trim_ascii().is_empty() {
        return Err(Rejection::Empty(FORM));
    }
    match documents(incoming.body, limits)? {
        Documents::One(json) => Ok(Reading::one(Dialect::EventFlow, event(json))),
        Documents::Many(_) => Err(Rejection::UnknownShape(FORM)),
    }
}

fn event(json: &str) -> Result<RawEvent, Rejection> {
    let mut members = Members::read(json, FORM)?;
    Ok(RawEvent {
        kind: members.required("event_type")?,
        subject: Some(format!("user:{}", members.required("user_id")?)),
        id: members.label("event_id")?.unwrap_or_default(),
        source: members.label("source")?.unwrap_or_else(|| "eventflow".to_owned()),
        time: members.time("timestamp")?,
        data: members.bytes("properties"),
        extensions: members.rest(),
        ..blank()
    })
}
