//! `/v1/detections`: anomalies of one subject.

use super::Stored;
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
use sqlx::FromRow;
use utoipa::ToSchema;

/// An anomaly of one subject.
#[derive(Debug, Serialize, FromRow, ToSchema)]
#[schema(as = Detection)]
pub(crate) struct DetectionItem {
    id: String,
    tenant: String,
    /// The rule that found it, such as `high_frequency_login`.
    rule: String,
    subject: String,
    severity: String,
    description: String,
    /// When it was complete.
    time: DateTime<Utc>,
    window_start: DateTime<Utc>,
    window_end: DateTime<Utc>,
    /// What was counted in the window.
    count: i64,
    /// What the rule allows.
    threshold: f64,
    #[schema(value_type = Vec<String>)]
    event_ids: Stored,
    #[schema(value_type = Object)]
    attributes: Stored,
    rules_version: String,
    /// `firing`, or `resolved` where a condition that was told holds no more.
    state: String,
}

/// The list of detections.
pub(crate) struct Detections;

impl Collection for Detections {
    type Item = DetectionItem;
    const COLUMNS: &'static str = "id, tenant, rule, subject, severity, description, time, window_start, window_end, \
        count, threshold, coalesce(event_ids, '[]') AS event_ids, coalesce(attributes, '{}') AS attributes, \
        rules_version, state";
    const TABLE: &'static str = "detections";
    const SORTS: &'static [Sort] = &[Sort {
        name: "time",
        columns: &[("time", "timestamptz"), ("id", "text")],
        walks: &["subject", "rule", "severity"],
    }];
    const FILTERS: &'static [Filter] = &[
        Filter::equals("subject", "subject", "Whose anomalies, such as `user:123`."),
        Filter::equals("rule", "rule", "The rule that found them."),
        Filter::equals(
            "severity",
            "severity",
            "`low`, `medium`, `high`, or what the rules name.",
        ),
        Filter::tenant("Whose detections."),
        Filter::since("time"),
        Filter::until("time"),
    ];
}

/// Detections, newest first.
#[utoipa::path(get, path = "/v1/detections", tag = "detections", responses(
    (status = 200, body = Page<DetectionItem>),
    (status = 400, body = Problem, content_type = "application/problem+json"),
    (status = 503, body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(State(api): State<Api>, asker: Asker, uri: Uri) -> Result<Answer, Problem> {
    page::page::<Detections>(&api, &asker, &uri).await
}

/// One detection.
#[utoipa::path(get, path = "/v1/detections/{id}", tag = "detections",
    params(("id" = String, Path, description = "The detection's `id`")),
    responses(
        (status = 200, body = DetectionItem),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn one(
    State(api): State<Api>,
    asker: Asker,
    Key(id): Key,
    uri: Uri,
) -> Result<Json<DetectionItem>, Problem> {
    page::one::<Detections>(&api, &asker, &uri, page::is("id", id))
        .await
        .map(Json)
}
