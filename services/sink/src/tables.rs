//! The tables, one file each: its row, and how a record becomes one.
//!
//! Rows are written by one statement a table and batch: copied where they cannot be there already, else as columns
//! through `UNNEST`.

#[macro_use]
mod columns;
mod dead_letters;
mod detections;
mod events;
mod known;
mod notifications;
mod raw_events;
mod receipts;
mod signal_evidence;
mod signals;
mod story_changes;
mod story_links;
mod story_members;

pub(crate) use dead_letters::DeadLetterRow;
pub(crate) use detections::DetectionRow;
pub(crate) use events::EventRow;
pub(crate) use notifications::NotificationRow;
pub(crate) use raw_events::RawEventRow;
pub(crate) use receipts::ReceiptRow;
pub(crate) use signal_evidence::EvidenceRow;
pub(crate) use signals::SignalRow;
pub(crate) use story_changes::ChangeRow;
pub(crate) use story_links::{LinkKey, LinkRow};
pub(crate) use story_members::MemberRow;

use model::Id;
use sqlx::PgConnection;
use uuid::Uuid;

/// Rows of one table.
pub(crate) trait Row: Sized {
    /// How many columns it has.
    const COLUMNS: i16;

    /// Runs a statement to which the rows are bound as one array a column.
    async fn unnest(
        statement: &'static str,
        rows: Vec<Self>,
        to: &mut PgConnection,
    ) -> Result<(), sqlx::Error>;

    /// Writes the values in the binary form of COPY.
    fn put(&self, to: &mut Vec<u8>);
}

/// The idempotency key of an event. The API makes the same one.
pub(crate) fn event_key(tenant: &str, source: &str, id: &str) -> Uuid {
    Uuid::from_u128(Id::new().part(tenant).part(source).part(id).number())
}

pub(crate) type Time = chrono::DateTime<chrono::Utc>;
