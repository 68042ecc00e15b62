//! event-pipeline: behaviour of users, `{"user_id", "type", "timestamp", "payload"}`, or its `signal.avsc` as JSON.
//! A request without a body asks for one made-up signal. No I/O.

use model::{Millis, RawEvent, Request};
use serde_json::json;

use super::{Dialect, Incoming, Reading, blank};
use crate::json::{Members, documents};
use crate::limits::Limits;
use crate::rejection::Rejection;

const FORM: &str = "{\"user_id\":…,\"type\":\"login\",\"timestamp\":…,\"payload\":{…}}, or a list of them";
const KINDS: [&str; 5] = ["login", "purchase", "click", "api_call", "file_access"];
const KNOWN: &str = "login, purchase, click, api_call, file_access";
/// Made-up signals are of as many users as the emitter's.
const USERS: u64 = 1000;

/// Reads one request.
pub(super) fn read(incoming: &Incoming<'_>, limits: &Limits) -> Result<Reading, Rejection> {
    if incoming.body.trim_ascii().is_empty() {
        return Ok(Reading::one(
            Dialect::EventPipeline,
            Ok(made_up(incoming.now, incoming.request)),
        ));
    }
    Ok(Reading::each(
        Dialect::EventPipeline,
        documents(incoming.body, limits)?,
        event,
    ))
}

fn event(json: &str) -> Result<RawEvent, Rejection> {
    let mut members = Members::read(json, FORM)?;
    let kind = members.required("type")?;
    if !KINDS.contains(&kind.as_str()) {
        return Err(Rejection::UnknownType {
            given: kind,
            known: KNOWN,
        });
    }
    let stamp = members.time("timestamp")?;
    let time = members.time("event_ts")?.or(stamp);
    Ok(RawEvent {
        kind: format!("user.{kind}"),
        subject: Some(format!("user:{}", members.required("user_id")?)),
        id: members.label("event_id")?.unwrap_or_default(),
        source: members
            .label("source")?
            .unwrap_or_else(|| "event-pipeline".to_owned()),
        time,
        data: members.bytes("payload"),
        extensions: members.rest(),
        ..blank()
    })
}

/// One signal as the emitter makes them by hand, marked as made up.
fn made_up(now: Millis, request: &Request) -> RawEvent {
    let number = request.number();
    let nonce = u64::try_from(number >> 64).unwrap_or_default();
    let kind = usize::try_from(nonce % 5)
        .ok()
        .and_then(|at| KINDS.get(at))
        .copied()
        .unwrap_or("click");
    let user = nonce / 5 % USERS + 1;
    let payload =
        json!({"session_id": format!("sess_{nonce:016x}"), "data": format!("sample_data_{}", nonce % 100)});
    RawEvent {
        // A request that is sent again asks for the same one, whatever time it is.
        id: format!("evt_{number:032x}"),
        kind: format!("user.{kind}"),
        subject: Some(format!("user:{user}")),
        source: "event-pipeline".to_owned(),
        time: Some(now),
        data: Some(payload.to_string().into_bytes()),
        extensions: [("generated".to_owned(), "true".to_owned())].into(),
        ..blank()
    }
}
