//! Dead letters, by the stage that gave up and the place of the record: a stage buries a record once.

use super::{Row, Time};
use crate::storable::{identifier, text, time};
use model::DeadLetter;
use sqlx::PgConnection;

columns! {
    /// One dead letter.
    DeadLetterRow {
        stage: String,
        topic: String,
        kafka_partition: i32,
        kafka_offset: i64,
        at: Time,
        reason: String,
        message: String,
        trace_id: Option<String>,
        key_bytes: Option<Vec<u8>>,
        payload: Option<Vec<u8>>,
        attempts: i32,
        tenant: Option<String>,
    }
}

const INSERT: &str = "\
    INSERT INTO dead_letters (stage, topic, kafka_partition, kafka_offset, time, reason, message, trace_id, \
        key_bytes, payload, attempts, tenant) \
    SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::bigint[], $5::timestamptz[], $6::text[], $7::text[], \
        $8::text[], $9::bytea[], $10::bytea[], $11::int[], $12::text[]) \
    ON CONFLICT DO NOTHING";

impl DeadLetterRow {
    pub(crate) async fn write(rows: Vec<Self>, to: &mut PgConnection) -> Result<(), sqlx::Error> {
        Self::unnest(INSERT, rows, to).await
    }

    pub(crate) fn of(letter: DeadLetter) -> Self {
        Self {
            // Three identifiers share one index entry, so the short names of stages and topics are kept short.
            stage: short(letter.stage),
            topic: short(letter.topic),
            kafka_partition: letter.partition,
            kafka_offset: letter.offset,
            at: time(letter.time),
            reason: identifier(letter.reason),
            message: text(letter.message),
            trace_id: letter.trace_id.map(text),
            key_bytes: letter.key,
            payload: letter.payload,
            attempts: letter.attempts,
            tenant: letter.tenant.map(identifier),
        }
    }
}

/// Kafka's longest topic name has 249 bytes.
fn short(mut name: String) -> String {
    name.truncate(name.floor_char_boundary(249));
    text(name)
}
