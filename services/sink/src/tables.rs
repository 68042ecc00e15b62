//! The tables, one file each: its row, and how a record becomes one.
//!
//! Rows are written by one statement a table and batch, as columns through `UNNEST`.

#[macro_use]
mod columns;
mod dead_letters;
mod detections;
mod events;
mod notifications;
mod raw_events;
mod receipts;
mod signal_evidence;
mod signals;

pub(crate) use dead_letters::DeadLetterRow;
pub(crate) use detections::DetectionRow;
pub(crate) use events::EventRow;
pub(crate) use notifications::NotificationRow;
pub(crate) use raw_events::RawEventRow;
pub(crate) use receipts::ReceiptRow;
pub(crate) use signal_evidence::EvidenceRow;
pub(crate) use signals::SignalRow;

use model::Id;
use uuid::Uuid;

/// The idempotency key of an event. The API makes the same one.
pub(crate) fn event_key(tenant: &str, source: &str, id: &str) -> Uuid {
    Uuid::from_u128(Id::new().part(tenant).part(source).part(id).number())
}

pub(crate) type Time = chrono::DateTime<chrono::Utc>;
