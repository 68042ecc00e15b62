//! `/v1/signals/{key}/evidence`: the events one signal rests on.

use super::Signals;
use crate::answer::Answer;
use crate::caller::Asker;
use crate::filter::Filter;
use crate::key::Key;
use crate::page::{self, Api, Collection, Page, Sort};
use crate::problem::Problem;
use axum::extract::State;
use axum::http::Uri;
use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::FromRow;
use utoipa::ToSchema;
use uuid::Uuid;

/// An event that a signal rests on.
#[derive(Debug, Serialize, FromRow, ToSchema)]
#[schema(as = Evidence)]
pub(crate) struct EvidenceItem {
    /// The event's `key` under `/v1/events`.
    event_key: Uuid,
    /// Identifier within the source.
    event_id: String,
    source: String,
    #[serde(rename = "type")]
    #[sqlx(rename = "type")]
    kind: String,
    time: DateTime<Utc>,
    author: Option<String>,
    url: Option<String>,
    /// The beginning of its text.
    text: Option<String>,
    score: f64,
}

/// The evidence of one signal.
pub(crate) struct EvidenceOfSignal;

impl Collection for EvidenceOfSignal {
    type Item = EvidenceItem;
    const COLUMNS: &'static str = "event_key, event_id, source, type, time, author, url, text, score";
    const TABLE: &'static str = "signal_evidence";
    const TENANTS: bool = false;
    const SORTS: &'static [Sort] = &[Sort {
        name: "time",
        columns: &[("time", "timestamptz"), ("event_key", "uuid")],
        walks: &[],
    }];
    const FILTERS: &'static [Filter] = &[];
}

/// The events that a signal rests on, newest first.
#[utoipa::path(get, path = "/v1/signals/{key}/evidence", tag = "signals",
    params(("key" = String, Path, description = "The signal's `signal_key`")),
    responses(
        (status = 200, body = Page<EvidenceItem>),
        (status = 400, body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn list(
    State(api): State<Api>,
    asker: Asker,
    Key(key): Key,
    uri: Uri,
) -> Result<Answer, Problem> {
    page::seen::<Signals>(&api, &asker, "signal_key", &key).await?;
    page::page_where::<EvidenceOfSignal>(&api, &asker, &uri, Some(("signal_key", &key))).await
}
