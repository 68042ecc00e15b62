//! Receipts: the newest of each notification.

use super::{Row, Time};
use crate::rows::Place;
use crate::storable::{identifier, text, time};
use model::Receipt;
use sqlx::PgConnection;

columns! {
    /// One receipt; a batch holds at most one a notification.
    ReceiptRow {
        notification_id: String,
        tenant: String,
        channel: String,
        status: String,
        attempts: i32,
        http_status: Option<i32>,
        latency_ms: i64,
        detail: String,
        answered_at: Time,
    }
}

const INSERT: &str = "\
    INSERT INTO receipts (notification_id, tenant, channel, status, attempts, http_status, latency_ms, detail, \
        answered_at) \
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int[], $6::int[], $7::bigint[], \
        $8::text[], $9::timestamptz[]) \
    ON CONFLICT (notification_id) DO UPDATE SET status = excluded.status, attempts = excluded.attempts, \
        http_status = excluded.http_status, latency_ms = excluded.latency_ms, detail = excluded.detail, \
        answered_at = excluded.answered_at";

impl ReceiptRow {
    pub(crate) async fn write(rows: Vec<Self>, to: &mut PgConnection) -> Result<(), sqlx::Error> {
        Self::unnest(INSERT, rows, to).await
    }

    pub(crate) fn of(receipt: Receipt, place: &Place) -> Self {
        Self {
            notification_id: identifier(receipt.notification_id),
            tenant: identifier(receipt.tenant),
            channel: identifier(receipt.channel),
            status: receipt.status.as_str().to_owned(),
            attempts: receipt.attempts,
            http_status: receipt.http_status,
            latency_ms: receipt.latency_ms,
            detail: text(receipt.detail),
            answered_at: time(place.time),
        }
    }
}
