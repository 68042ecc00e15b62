//! `/v1/events`: every event once, with its score.

use super::Stored;
use crate::answer::Answer;
use crate::caller::Asker;
use crate::filter::{Filter, Test, of_key};
use crate::key::Key;
use crate::page::{self, Api, Collection, Page, Sort};
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::FromRow;
use utoipa::ToSchema;
use uuid::Uuid;

/// An event with its score.
#[derive(Debug, Serialize, FromRow, ToSchema)]
#[schema(as = Event)]
pub(crate) struct EventItem {
    /// Names the event here; made of tenant, source and id.
    key: Uuid,
    tenant: String,
    source: String,
    /// Identifier within the source.
    id: String,
    #[serde(rename = "type")]
    #[sqlx(rename = "type")]
    kind: String,
    subject: String,
    /// When it happened.
    time: DateTime<Utc>,
    /// When it came in.
    received_at: DateTime<Utc>,
    title: Option<String>,
    text: Option<String>,
    url: Option<String>,
    author: Option<String>,
    /// ISO 639-1.
    lang: Option<String>,
    lang_confidence: Option<f64>,
    severity: Option<String>,
    score: f64,
    level: String,
    /// How many rules matched; 0 means unscored.
    matched: i32,
    /// The rules that matched: `rule`, `points`, `text`.
    #[schema(value_type = Vec<Object>)]
    reasons: Stored,
    /// Variables that rules asked for and nobody knew.
    #[schema(value_type = Vec<String>)]
    unknown: Stored,
    /// `cashtags`, `hashtags`, `urls`, `addresses`, `tags`, each where there are any.
    #[schema(value_type = Object)]
    entities: Stored,
    /// Scalar members of the payload by dotted name.
    #[schema(value_type = Object)]
    attributes: Stored,
    rules_version: String,
    trace_id: Option<String>,
    /// Whether its time was too far ahead of the clock, and is now when the record came in.
    time_corrected: bool,
}

/// The list of events.
pub(crate) struct Events;

impl Collection for Events {
    type Item = EventItem;
    const COLUMNS: &'static str = "event_key AS key, tenant, source, id, type, subject, time, received_at, title, text, \
        url, author, lang, lang_confidence, severity, score, level, matched, coalesce(reasons, '[]') AS reasons, \
        coalesce(unknown, '[]') AS unknown, coalesce(entities, '{}') AS entities, \
        coalesce(attributes, '{}') AS attributes, rules_version, trace_id, time_corrected";
    const TABLE: &'static str = "events";
    const NUMBERED: bool = true;
    const SORTS: &'static [Sort] = &[Sort {
        name: "time",
        columns: &[("time", "timestamptz"), ("event_key", "uuid")],
        walks: &["id", "subject", "severity", "source", "type", "level"],
    }];
    const FILTERS: &'static [Filter] = &[
        Filter::equals(
            "subject",
            "subject",
            "What the events are about, such as `user:123`.",
        ),
        Filter::equals("type", "type", "Type of the events."),
        Filter::equals("source", "source", "Where the events come from."),
        Filter {
            name: "id",
            about: "The event of this id; needs `source`.",
            test: Test::EventId,
        },
        Filter::tenant("Whose events."),
        Filter::equals("level", "level", "Level that the score reaches."),
        Filter::equals("severity", "severity", "Severity that the source gave."),
        Filter::min_score(),
        Filter::since("time"),
        Filter::until("time"),
    ];
}

/// Events, newest first.
#[utoipa::path(get, path = "/v1/events", tag = "events", responses(
    (status = 200, body = Page<EventItem>),
    (status = 400, body = Problem, content_type = "application/problem+json"),
    (status = 503, body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(State(api): State<Api>, asker: Asker, uri: Uri) -> Result<Answer, Problem> {
    page::page::<Events>(&api, &asker, &uri).await
}

/// One event.
#[utoipa::path(get, path = "/v1/events/{key}", tag = "events",
    params(("key" = String, Path, description = "The event's `key`")),
    responses(
        (status = 200, body = EventItem),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn one(
    State(api): State<Api>,
    asker: Asker,
    Key(key): Key,
    uri: Uri,
) -> Result<Json<EventItem>, Problem> {
    let key =
        Uuid::parse_str(&key).map_err(|_| Problem::not_found("no event has this key; keys are UUIDs"))?;
    page::one::<Events>(&api, &asker, &uri, |query| {
        of_key(key, query);
    })
    .await
    .map(Json)
}
