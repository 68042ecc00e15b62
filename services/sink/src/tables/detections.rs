//! Detections, by their ids: the first of each stays.

use super::known::first_of_each;
use super::{Row, Time};
use crate::storable::{Json, finite, identifier, json_or_null, text, time};
use model::Detection;
use sqlx::PgConnection;

columns! {
    /// One detection.
    DetectionRow {
        id: String,
        tenant: String,
        rule: String,
        subject: String,
        severity: String,
        description: String,
        at: Time,
        window_start: Time,
        window_end: Time,
        count: i64,
        threshold: f64,
        event_ids: Option<Json>,
        attributes: Option<Json>,
        rules_version: String,
        state: String,
    }
}

const INSERT: &str = "\
    INSERT INTO detections (id, tenant, rule, subject, severity, description, time, window_start, window_end, count, \
        threshold, event_ids, attributes, rules_version, state) \
    SELECT a, b, c, d, e, f, g, h, i, j, k, l::jsonb, m::jsonb, n, o \
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], \
        $8::timestamptz[], $9::timestamptz[], $10::bigint[], $11::double precision[], $12::text[], $13::text[], \
        $14::text[], $15::text[]) AS row (a, b, c, d, e, f, g, h, i, j, k, l, m, n, o) \
    WHERE NOT EXISTS (SELECT FROM detections known WHERE known.id = a) ON CONFLICT DO NOTHING";

impl DetectionRow {
    pub(crate) async fn write(rows: Vec<Self>, to: &mut PgConnection) -> Result<(), sqlx::Error> {
        Self::unnest(INSERT, first_of_each(rows, |row| &row.id), to).await
    }

    pub(crate) fn of(detection: Detection) -> Self {
        Self {
            id: identifier(detection.id),
            tenant: identifier(detection.tenant),
            rule: identifier(detection.rule),
            subject: identifier(detection.subject),
            severity: identifier(detection.severity),
            description: text(detection.description),
            at: time(detection.time),
            window_start: time(detection.window_start),
            window_end: time(detection.window_end),
            count: detection.count,
            threshold: finite(detection.threshold),
            event_ids: json_or_null(&detection.event_ids),
            attributes: json_or_null(&detection.attributes),
            rules_version: identifier(detection.rules_version),
            state: identifier(detection.state),
        }
    }
}
