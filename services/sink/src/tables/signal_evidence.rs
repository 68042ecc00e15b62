//! Evidence: each event of each signal once, also when the signal's capped list has dropped it since.

use super::{Row, Time, event_key};
use crate::storable::{finite, identifier, text, time};
use model::{Evidence, Id};
use sqlx::PgConnection;
use uuid::Uuid;

columns! {
    /// One event that one signal rests on.
    EvidenceRow {
        signal_key: String,
        event_key: Uuid,
        event_id: String,
        source: String,
        kind: String,
        at: Time,
        author: Option<String>,
        url: Option<String>,
        body: Option<String>,
        score: f64,
    }
}

const INSERT: &str = "\
    INSERT INTO signal_evidence (signal_key, event_key, event_id, source, type, time, author, url, text, score) \
    SELECT * FROM unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], \
        $7::text[], $8::text[], $9::text[], $10::double precision[]) \
    ON CONFLICT DO NOTHING";

impl EvidenceRow {
    pub(crate) async fn write(rows: Vec<Self>, to: &mut PgConnection) -> Result<(), sqlx::Error> {
        Self::unnest(INSERT, rows, to).await
    }

    pub(crate) fn of(signal_key: &str, event_key: Uuid, evidence: Evidence) -> Self {
        Self {
            signal_key: identifier(signal_key.to_owned()),
            event_key,
            event_id: identifier(evidence.event_id),
            source: identifier(evidence.source),
            kind: identifier(evidence.kind),
            at: time(evidence.time),
            author: evidence.author.map(text),
            url: evidence.url.map(text),
            body: evidence.text.map(text),
            score: finite(evidence.score),
        }
    }

    /// Which event it is, and a number for this event in this signal.
    pub(crate) fn identity(signal_key: &str, tenant: &str, evidence: &Evidence) -> (Uuid, u128) {
        let event_key = event_key(tenant, &evidence.source, &evidence.event_id);
        (event_key, Id::new().part(signal_key).part(event_key).number())
    }
}
