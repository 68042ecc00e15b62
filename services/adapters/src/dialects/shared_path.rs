//! `/api/v1/events`, which two dialects share: told apart by the members of the first object. No I/O.

use model::RawEvent;

use super::{Dialect, Incoming, Reading, event_stream_starter, stream_flow};
use crate::json::{Documents, Members, documents};
use crate::limits::Limits;
use crate::rejection::Rejection;

const BOTH: &str = "{\"event_type\":…,\"title\":…,\"source\":…} (event-stream-starter) or \
                    {\"type\":…,\"source\":…,\"severity\":…,\"data\":{…}} (StreamFlow), or a list of them";

/// Reads one request.
pub(super) fn read(incoming: &Incoming<'_>, limits: &Limits) -> Result<Reading, Rejection> {
    if incoming.body.trim_ascii().is_empty() {
        return Err(Rejection::Empty(BOTH));
    }
    let documents = documents(incoming.body, limits)?;
    let first = match &documents {
        Documents::One(json) => Some(*json),
        Documents::Many(elements) => elements.first().map(|raw| raw.get()),
    };
    let dialect = first.map_or(Ok(Dialect::EventStreamStarter), dialect)?;
    Ok(Reading::each(dialect, documents, event))
}

/// Elements of a list may be of either shape; the first that is read decides how the request is answered.
fn event(json: &str) -> Result<RawEvent, Rejection> {
    match dialect(json)? {
        Dialect::StreamFlow => stream_flow::event(json),
        _ => event_stream_starter::event(json),
    }
}

fn dialect(json: &str) -> Result<Dialect, Rejection> {
    let members = Members::read(json, BOTH)?;
    if members.has("title") || members.has("event_type") {
        return Ok(Dialect::EventStreamStarter);
    }
    let stream_flow = members.has("type") && members.has("source");
    let told = stream_flow && (members.has("severity") || members.has("data"));
    if told {
        Ok(Dialect::StreamFlow)
    } else {
        Err(Rejection::UnknownShape(BOTH))
    }
}
