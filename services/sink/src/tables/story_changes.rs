//! Every change of what belongs together, with its reason, by its place in Kafka.

use super::{Row, Time};
use crate::rows::Place;
use crate::storable::{Json, finite, identifier, json_or_null, tenant, text, time};
use model::StoryChange;
use sqlx::PgConnection;

columns! {
    /// One change.
    ChangeRow {
        kafka_partition: i32,
        kafka_offset: i64,
        tenant: String,
        at: Time,
        kind: String,
        id: String,
        into_id: Option<String>,
        tier: Option<String>,
        similarity: Option<f64>,
        shared: Option<Json>,
        changed_by: Option<String>,
        reason: Option<String>,
    }
}

const INSERT: &str = "\
    INSERT INTO story_changes (kafka_partition, kafka_offset, tenant, time, kind, id, into_id, tier, similarity, shared, \
        changed_by, reason) \
    SELECT a, b, c, d, e, f, g, h, i, j::jsonb, k, l \
    FROM unnest($1::int[], $2::bigint[], $3::text[], $4::timestamptz[], $5::text[], $6::text[], $7::text[], $8::text[], \
        $9::double precision[], $10::text[], $11::text[], $12::text[]) AS row (a, b, c, d, e, f, g, h, i, j, k, l) \
    ON CONFLICT DO NOTHING";

impl ChangeRow {
    pub(crate) async fn write(rows: Vec<Self>, to: &mut PgConnection) -> Result<(), sqlx::Error> {
        Self::unnest(INSERT, rows, to).await
    }

    pub(crate) fn of(change: StoryChange, place: &Place) -> Self {
        Self {
            kafka_partition: place.partition,
            kafka_offset: place.offset,
            tenant: tenant(change.tenant),
            at: time(change.time),
            kind: change.kind.as_str().to_owned(),
            id: identifier(change.id),
            into_id: change.into.map(identifier),
            tier: change.tier.map(text),
            similarity: change.similarity.map(finite),
            shared: json_or_null(&change.shared),
            changed_by: change.by.map(text),
            reason: change.reason.map(text),
        }
    }
}
