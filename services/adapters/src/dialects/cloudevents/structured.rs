//! Events as JSON: one, an element of a batch, or a line. No I/O.

use model::RawEvent;

use crate::dialects::{Dialect, Item, Reading};
use crate::json::{utf8, within_batch};
use crate::limits::Limits;
use crate::rejection::Rejection;

/// Reads one event.
pub(super) fn event(json: &str) -> Result<RawEvent, Rejection> {
    Ok(RawEvent::from_json_as_sent(json.as_bytes())?)
}

/// Reads one event a line. A bad line spoils no other; empty lines are skipped but counted.
pub(super) fn lines(body: &[u8], limits: &Limits) -> Result<Reading, Rejection> {
    let lines = body.split(|byte| *byte == b'\n').enumerate();
    let filled: Vec<(usize, &[u8])> = lines.filter(|(_, line)| !line.trim_ascii().is_empty()).collect();
    within_batch(filled.len(), limits)?;
    let items = filled.into_iter().map(|(index, bytes)| Item {
        index,
        event: utf8(bytes).and_then(event),
    });
    Ok(Reading {
        dialect: Dialect::CloudEvents,
        single: false,
        items: items.collect(),
    })
}
