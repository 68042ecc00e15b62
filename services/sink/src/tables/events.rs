//! Events with their scores: each idempotency key once, the first delivery wins.

use super::{Time, event_key};
use crate::copy;
use crate::rows::Place;
use crate::storable::{Json, finite, identifier, json_or_null, jsonb, text, time};
use model::{Event, ScoredEvent};
use serde::Serialize;
use sqlx::PgConnection;
use std::collections::HashSet;
use uuid::Uuid;

columns! {
    /// One event; a batch holds each key at most once.
    EventRow {
        event_key: Uuid,
        tenant: String,
        source: String,
        id: String,
        kind: String,
        subject: String,
        at: Time,
        received_at: Time,
        title: Option<String>,
        body: Option<String>,
        url: Option<String>,
        author: Option<String>,
        lang: Option<String>,
        lang_confidence: Option<f64>,
        severity: Option<String>,
        score: f64,
        level: String,
        matched: i32,
        entities: Option<Json>,
        attributes: Option<Json>,
        reasons: Option<Json>,
        unknown: Option<Json>,
        rules_version: String,
        trace_id: Option<String>,
        time_corrected: bool,
    }
}

/// What was found in an event; members that are empty are left out.
#[derive(Serialize)]
struct Entities<'a> {
    #[serde(skip_serializing_if = "no_items")]
    cashtags: &'a [String],
    #[serde(skip_serializing_if = "no_items")]
    hashtags: &'a [String],
    #[serde(skip_serializing_if = "no_items")]
    urls: &'a [String],
    #[serde(skip_serializing_if = "no_items")]
    addresses: &'a [model::Address],
    #[serde(skip_serializing_if = "no_items")]
    tags: &'a [String],
    #[serde(skip_serializing_if = "no_items")]
    mentions: &'a [String],
    #[serde(skip_serializing_if = "no_items")]
    ens_names: &'a [String],
    #[serde(skip_serializing_if = "no_items")]
    transactions: &'a [String],
    #[serde(skip_serializing_if = "no_items")]
    amounts: &'a [model::Amount],
    #[serde(skip_serializing_if = "no_items")]
    dates: &'a [String],
    #[serde(skip_serializing_if = "no_items")]
    keyphrases: &'a [String],
    #[serde(skip_serializing_if = "no_items")]
    urgency: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    sentiment: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    spam: Option<f64>,
    #[serde(skip_serializing_if = "no_items")]
    spam_features: &'a [String],
    #[serde(skip_serializing_if = "no_items")]
    listed: &'a [String],
}

fn no_items<T>(items: &&[T]) -> bool {
    items.is_empty()
}

fn entities(event: &Event) -> Option<Json> {
    let found = Entities {
        cashtags: &event.cashtags,
        hashtags: &event.hashtags,
        urls: &event.urls,
        addresses: &event.addresses,
        tags: &event.tags,
        mentions: &event.mentions,
        ens_names: &event.ens_names,
        transactions: &event.transactions,
        amounts: &event.amounts,
        dates: &event.dates,
        keyphrases: &event.keyphrases,
        urgency: &event.urgency,
        sentiment: event.sentiment,
        spam: event.spam,
        spam_features: &event.spam_features,
        listed: &event.listed,
    };
    let json = jsonb(&found);
    (json.0 != "{}").then_some(json)
}

/// Notes the keys; those that were noted already are not answered.
const KEYS: &str = "INSERT INTO event_keys (event_key, tenant, time) \
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::timestamptz[]) ON CONFLICT DO NOTHING RETURNING event_key";
const COPY: &str = "\
    COPY events (event_key, tenant, source, id, type, subject, time, received_at, title, text, url, author, \
    lang, lang_confidence, severity, score, level, matched, entities, attributes, reasons, unknown, rules_version, \
    trace_id, time_corrected) FROM STDIN (FORMAT binary)";

impl EventRow {
    /// Writes the events whose keys are new.
    pub(crate) async fn write(mut rows: Vec<Self>, to: &mut PgConnection) -> Result<(), sqlx::Error> {
        if rows.is_empty() {
            return Ok(());
        }
        let fresh: Vec<Uuid> = sqlx::query_scalar(KEYS)
            .bind(rows.iter().map(|row| row.event_key).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| row.tenant.as_str()).collect::<Vec<_>>())
            .bind(rows.iter().map(|row| row.at).collect::<Vec<_>>())
            .fetch_all(&mut *to)
            .await?;
        if fresh.len() < rows.len() {
            let fresh: HashSet<Uuid> = fresh.into_iter().collect();
            rows.retain(|row| fresh.contains(&row.event_key));
        }
        // As they will be read.
        rows.sort_by_key(|row| row.at);
        copy::send(&rows, COPY, to).await
    }

    pub(crate) fn of(scored: ScoredEvent, place: Place) -> Self {
        let event = scored.event;
        let entities = entities(&event);
        Self {
            event_key: event_key(&event.tenant, &event.source, &event.id),
            tenant: identifier(event.tenant),
            source: identifier(event.source),
            id: identifier(event.id),
            kind: identifier(event.kind),
            subject: identifier(event.subject),
            at: time(event.time),
            received_at: time(event.received_at),
            title: event.title.map(text),
            body: event.text.map(text),
            url: event.url.map(text),
            author: event.author.map(text),
            lang_confidence: event.lang.is_some().then(|| finite(event.lang_confidence)),
            lang: event.lang.map(text),
            severity: event.severity.map(identifier),
            score: finite(scored.score),
            level: identifier(scored.level),
            matched: scored.matched,
            entities,
            attributes: json_or_null(&event.attributes),
            reasons: json_or_null(&scored.reasons),
            unknown: json_or_null(&scored.unknown),
            rules_version: identifier(scored.rules_version),
            trace_id: place.trace_id.map(text),
            time_corrected: event.time_corrected,
        }
    }
}
