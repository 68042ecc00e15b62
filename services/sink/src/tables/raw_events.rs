//! The audit: every delivery that could be read, by its place in Kafka.

use super::{Row, Time};
use crate::copy;
use crate::rows::Place;
use crate::storable::{Json, Payload, identifier, json_or_null, text, time};
use model::RawEvent;
use sqlx::{Connection, PgConnection};

columns! {
    /// One delivery.
    RawEventRow {
        kafka_partition: i32,
        kafka_offset: i64,
        received_at: Time,
        tenant: String,
        source: String,
        id: String,
        kind: String,
        subject: Option<String>,
        at: Option<Time>,
        content_type: Option<String>,
        data: Option<Json>,
        data_bytes: Option<Vec<u8>>,
        extensions: Option<Json>,
        trace_id: Option<String>,
    }
}

const COPY: &str = "\
    COPY raw_events (kafka_partition, kafka_offset, received_at, tenant, source, id, type, subject, time, \
    content_type, data, data_bytes, extensions, trace_id) FROM STDIN (FORMAT binary)";

impl RawEventRow {
    pub(crate) const INSERT: &str = "\
        INSERT INTO raw_events (kafka_partition, kafka_offset, received_at, tenant, source, id, type, subject, time, \
            content_type, data, data_bytes, extensions, trace_id) \
        SELECT a, b, c, d, e, f, g, h, i, j, k::jsonb, l, m::jsonb, n \
        FROM unnest($1::int[], $2::bigint[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::text[], \
            $8::text[], $9::timestamptz[], $10::text[], $11::text[], $12::bytea[], $13::text[], $14::text[]) \
            AS row (a, b, c, d, e, f, g, h, i, j, k, l, m, n) \
        ON CONFLICT DO NOTHING";

    /// Writes the rows. None can be there already, but where somebody has taken the offsets back: then those are left.
    pub(crate) async fn write(rows: Vec<Self>, to: &mut PgConnection) -> Result<(), sqlx::Error> {
        if rows.is_empty() {
            return Ok(());
        }
        let mut part = to.begin().await?;
        match copy::send(&rows, COPY, &mut part).await {
            Err(sqlx::Error::Database(refused)) if refused.is_unique_violation() => {
                part.rollback().await?;
                Self::unnest(Self::INSERT, rows, to).await
            }
            Err(error) => Err(error),
            Ok(()) => part.commit().await,
        }
    }

    pub(crate) fn of(event: RawEvent, place: Place) -> Self {
        let (data, data_bytes) = event.data.map_or((None, None), |data| Payload::of(data).split());
        Self {
            kafka_partition: place.partition,
            kafka_offset: place.offset,
            received_at: time(place.time),
            tenant: identifier(event.tenant),
            source: identifier(event.source),
            id: identifier(event.id),
            kind: identifier(event.kind),
            subject: event.subject.map(identifier),
            at: event.time.map(time),
            content_type: event.datacontenttype.map(text),
            data,
            data_bytes,
            extensions: json_or_null(&event.extensions),
            trace_id: place.trace_id.map(text),
        }
    }
}
