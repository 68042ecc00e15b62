//! Signals: the newest version of each.

use super::{Row, Time};
use crate::storable::{Json, finite, identifier, json_or_null, text, time};
use model::Signal;
use sqlx::PgConnection;

columns! {
    /// One signal; a batch holds each at most once.
    SignalRow {
        signal_key: String,
        version: i64,
        tenant: String,
        kind: String,
        subject: String,
        title: String,
        lang: Option<String>,
        state: String,
        score: f64,
        level: String,
        evidence_count: i64,
        source_count: i64,
        suppressed: i64,
        first_seen: Time,
        last_seen: Time,
        reasons: Option<Json>,
        unknown: Option<Json>,
        facts: Option<Json>,
        rules_version: String,
        independent_count: i64,
        story_key: Option<String>,
        topic_key: Option<String>,
        merged_into: Option<String>,
        subjects: Option<Json>,
        langs: Option<Json>,
        heat_10m: i64,
        heat_30m: i64,
        slope_10m: f64,
        slope_30m: f64,
        changes: Option<Json>,
    }
}

const INSERT: &str = "\
    INSERT INTO signals AS old (signal_key, version, tenant, type, subject, title, lang, state, score, level, \
        evidence_count, source_count, suppressed, first_seen, last_seen, reasons, unknown, facts, rules_version, \
        independent_count, story_key, topic_key, merged_into, subjects, langs, heat_10m, heat_30m, slope_10m, slope_30m, \
        changes) \
    SELECT a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p::jsonb, q::jsonb, r::jsonb, s, t, u, v, w, x::jsonb, y::jsonb, \
        z, aa, ab, ac, ad::jsonb \
    FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], \
        $9::double precision[], $10::text[], $11::bigint[], $12::bigint[], $13::bigint[], $14::timestamptz[], \
        $15::timestamptz[], $16::text[], $17::text[], $18::text[], $19::text[], $20::bigint[], \
        $21::text[], $22::text[], $23::text[], $24::text[], $25::text[], $26::bigint[], $27::bigint[], \
        $28::double precision[], $29::double precision[], $30::text[]) \
        AS row (a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, aa, ab, ac, ad) \
    ON CONFLICT (signal_key) DO UPDATE SET version = excluded.version, tenant = excluded.tenant, \
        type = excluded.type, subject = excluded.subject, title = excluded.title, lang = excluded.lang, \
        state = excluded.state, score = excluded.score, level = excluded.level, \
        evidence_count = excluded.evidence_count, source_count = excluded.source_count, \
        suppressed = excluded.suppressed, first_seen = excluded.first_seen, last_seen = excluded.last_seen, \
        reasons = excluded.reasons, unknown = excluded.unknown, facts = excluded.facts, \
        rules_version = excluded.rules_version, independent_count = excluded.independent_count, \
        story_key = excluded.story_key, topic_key = excluded.topic_key, merged_into = excluded.merged_into, \
        subjects = excluded.subjects, langs = excluded.langs, heat_10m = excluded.heat_10m, heat_30m = excluded.heat_30m, \
        slope_10m = excluded.slope_10m, slope_30m = excluded.slope_30m, changes = excluded.changes, \
        stored_at = now() \
    WHERE excluded.version > old.version";

impl SignalRow {
    pub(crate) async fn write(rows: Vec<Self>, to: &mut PgConnection) -> Result<(), sqlx::Error> {
        Self::unnest(INSERT, rows, to).await
    }

    pub(crate) fn of(signal: Signal) -> Self {
        Self {
            signal_key: identifier(signal.signal_key),
            version: signal.version,
            tenant: identifier(signal.tenant),
            kind: identifier(signal.kind),
            subject: identifier(signal.subject),
            title: text(signal.title),
            lang: signal.lang.map(text),
            state: signal.state.as_str().to_owned(),
            score: finite(signal.score),
            level: identifier(signal.level),
            evidence_count: signal.evidence_count,
            source_count: signal.source_count,
            suppressed: signal.suppressed,
            first_seen: time(signal.first_seen),
            last_seen: time(signal.last_seen),
            reasons: json_or_null(&signal.reasons),
            unknown: json_or_null(&signal.unknown),
            facts: json_or_null(&signal.facts),
            rules_version: identifier(signal.rules_version),
            independent_count: signal.independent_count,
            story_key: signal.story_key.map(identifier),
            topic_key: signal.topic_key.map(identifier),
            merged_into: signal.merged_into.map(identifier),
            subjects: json_or_null(&signal.subjects),
            langs: json_or_null(&signal.langs),
            heat_10m: signal.heat_10m,
            heat_30m: signal.heat_30m,
            slope_10m: finite(signal.slope_10m),
            slope_30m: finite(signal.slope_30m),
            changes: json_or_null(&signal.changes),
        }
    }
}
