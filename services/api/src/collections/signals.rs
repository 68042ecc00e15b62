//! `/v1/signals`: the things in the world that events are evidence for.

use super::Stored;
use super::evidence::{EvidenceItem, EvidenceOfSignal};
use crate::answer::Answer;
use crate::caller::Asker;
use crate::filter::Filter;
use crate::key::Key;
use crate::page::{self, Api, Collection, Page, Sort};
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::value::RawValue;
use sqlx::FromRow;
use utoipa::ToSchema;

/// A signal in its newest version.
#[derive(Debug, Serialize, FromRow, ToSchema)]
#[schema(as = Signal)]
pub(crate) struct SignalItem {
    /// Names the signal.
    signal_key: String,
    tenant: String,
    /// Type of its first event.
    #[serde(rename = "type")]
    #[sqlx(rename = "type")]
    kind: String,
    subject: String,
    title: String,
    /// ISO 639-1.
    lang: Option<String>,
    /// `candidate`, `verified`, `downgraded` or `closed`.
    state: String,
    score: f64,
    level: String,
    /// Why it has that score: `rule`, `points`, `text`.
    #[schema(value_type = Vec<Object>)]
    reasons: Stored,
    /// Variables that rules asked for and nobody knew.
    #[schema(value_type = Vec<String>)]
    unknown: Stored,
    /// How many distinct events it rests on.
    evidence_count: i64,
    /// How many sources they come from.
    source_count: i64,
    /// How many senders they come from that are independent of each other.
    independent_count: i64,
    /// How many of them only repeated what was known.
    suppressed: i64,
    first_seen: DateTime<Utc>,
    last_seen: DateTime<Utc>,
    /// Counts up with every change.
    version: i64,
    /// What is known of it, by dotted name.
    #[schema(value_type = Object)]
    facts: Stored,
    rules_version: String,
    /// The story that it is; null where its events have no words.
    story_key: Option<String>,
    /// The topic of its story when this version was written.
    topic_key: Option<String>,
    /// The signal that took this one in; null unless it is closed for that.
    merged_into: Option<String>,
    /// What its events are about, where somebody named it.
    #[schema(value_type = Vec<String>)]
    subjects: Stored,
    /// How many of its events are in which language, ISO 639-1.
    #[schema(value_type = Object)]
    langs: Stored,
    /// Events of the ten minutes up to its latest.
    heat_10m: i64,
    /// Events of the thirty minutes up to its latest.
    heat_30m: i64,
    /// How many more events a minute these ten minutes had than the ten before.
    slope_10m: f64,
    /// How many more events a minute these thirty minutes had than the thirty before.
    slope_30m: f64,
    /// How it came to its state, oldest first: `time`, `state`, `reason`.
    #[schema(value_type = Vec<Object>)]
    changes: Stored,
}

/// A signal with the events it rests on.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SignalWithEvidence {
    #[serde(flatten)]
    signal: SignalItem,
    /// The newest events it rests on.
    #[schema(value_type = Vec<EvidenceItem>)]
    evidence: Box<RawValue>,
    /// Address of further evidence; null if this is all.
    evidence_next: Option<String>,
}

/// The list of signals.
pub(crate) struct Signals;

impl Collection for Signals {
    type Item = SignalItem;
    const COLUMNS: &'static str = "signal_key, tenant, type, subject, title, lang, state, score, level, \
        coalesce(reasons, '[]') AS reasons, coalesce(unknown, '[]') AS unknown, evidence_count, source_count, \
        independent_count, suppressed, first_seen, last_seen, version, coalesce(facts, '{}') AS facts, rules_version, \
        story_key, topic_key, merged_into, coalesce(subjects, '[]') AS subjects, coalesce(langs, '{}') AS langs, \
        coalesce(heat_10m, 0) AS heat_10m, coalesce(heat_30m, 0) AS heat_30m, coalesce(slope_10m, 0) AS slope_10m, \
        coalesce(slope_30m, 0) AS slope_30m, coalesce(changes, '[]') AS changes";
    const TABLE: &'static str = "signals";
    const NUMBERED: bool = true;
    const SORTS: &'static [Sort] = &[
        Sort {
            name: "last_seen",
            columns: &[("last_seen", "timestamptz"), ("signal_key", "text")],
            walks: &["story_key", "topic_key", "subject", "type", "state", "level"],
        },
        Sort {
            name: "score",
            columns: &[("score", "float8"), ("signal_key", "text")],
            walks: &[],
        },
    ];
    const FILTERS: &'static [Filter] = &[
        Filter::equals(
            "subject",
            "subject",
            "What the signals are about, such as `token:eth:0x…`.",
        ),
        Filter::equals("type", "type", "Type of their first event."),
        Filter::equals("level", "level", "Level that the score reaches."),
        Filter::equals(
            "state",
            "state",
            "`candidate`, `verified`, `downgraded` or `closed`.",
        ),
        Filter::equals("story_key", "story_key", "The story that they are."),
        Filter::equals(
            "topic_key",
            "topic_key",
            "The topic of their story, when their newest version was written.",
        ),
        Filter::tenant("Whose signals."),
        Filter::min_score(),
        Filter::since("last_seen"),
        Filter::until("last_seen"),
    ];
}

/// Signals, the last seen first.
#[utoipa::path(get, path = "/v1/signals", tag = "signals", responses(
    (status = 200, body = Page<SignalItem>),
    (status = 400, body = Problem, content_type = "application/problem+json"),
    (status = 503, body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(State(api): State<Api>, asker: Asker, uri: Uri) -> Result<Answer, Problem> {
    page::page::<Signals>(&api, &asker, &uri).await
}

/// One signal with its evidence.
#[utoipa::path(get, path = "/v1/signals/{key}", tag = "signals",
    params(("key" = String, Path, description = "The signal's `signal_key`")),
    responses(
        (status = 200, body = SignalWithEvidence),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn one(
    State(api): State<Api>,
    asker: Asker,
    Key(key): Key,
    uri: Uri,
) -> Result<Json<SignalWithEvidence>, Problem> {
    let signal = page::one::<Signals>(&api, &asker, &uri, page::is("signal_key", key.clone())).await?;
    let address = format!("{}/evidence", uri.path()).parse().unwrap_or(uri);
    let Answer { items, next } =
        page::page_where::<EvidenceOfSignal>(&api, &asker, &address, Some(("signal_key", &key))).await?;
    Ok(Json(SignalWithEvidence {
        signal,
        evidence: items.into_array().map_err(Problem::unwritable)?,
        evidence_next: next,
    }))
}
