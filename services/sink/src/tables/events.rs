//! Events with their scores: each idempotency key once, the first delivery wins.

use super::{Time, event_key};
use crate::rows::Place;
use crate::storable::{finite, identifier, json_or_null, jsonb, text, time};
use model::{Event, ScoredEvent};
use serde::Serialize;
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
        entities: Option<String>,
        attributes: Option<String>,
        reasons: Option<String>,
        unknown: Option<String>,
        rules_version: String,
        trace_id: Option<String>,
    }
    "WITH fresh AS (INSERT INTO event_keys (event_key, tenant, time) \
         SELECT * FROM unnest($1::uuid[], $2::text[], $7::timestamptz[]) ON CONFLICT DO NOTHING RETURNING event_key) \
     INSERT INTO events (event_key, tenant, source, id, type, subject, time, received_at, title, text, url, author, \
         lang, lang_confidence, severity, score, level, matched, entities, attributes, reasons, unknown, \
         rules_version, trace_id) \
     SELECT a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s::jsonb, t::jsonb, u::jsonb, v::jsonb, w, x \
     FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], \
         $8::timestamptz[], $9::text[], $10::text[], $11::text[], $12::text[], $13::text[], $14::double precision[], \
         $15::text[], $16::double precision[], $17::text[], $18::int[], $19::text[], $20::text[], $21::text[], \
         $22::text[], $23::text[], $24::text[]) \
         AS row (a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x) \
         JOIN fresh ON fresh.event_key = a"
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

fn entities(event: &Event) -> Option<String> {
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
    (json != "{}").then_some(json)
}

impl EventRow {
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
        }
    }
}
