//! `/v1/notifications`: what was planned, and what came of it.

use super::Stored;
use crate::answer::Answer;
use crate::filter::Filter;
use crate::key::Key;
use crate::page::{self, Api, Collection, Page, Sort};
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::http::Uri;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, types};
use utoipa::ToSchema;

/// A notification and its receipt.
#[derive(Debug, Serialize, FromRow, ToSchema)]
#[schema(as = Notification)]
pub(crate) struct NotificationItem {
    id: String,
    tenant: String,
    channel: String,
    /// Notifications of one group keep their order.
    group: String,
    /// `signal` or `detection`.
    origin: String,
    /// The `signal_key` or the detection's `id`.
    origin_id: String,
    subject: String,
    level: String,
    state: String,
    title: String,
    body: String,
    /// Time of what it tells of.
    time: DateTime<Utc>,
    planned_at: DateTime<Utc>,
    #[schema(value_type = Object)]
    facts: Stored,
    /// `pending`, `delivered` or `failed`.
    status: String,
    /// What came of it; null while it is pending.
    #[schema(value_type = Option<Receipt>)]
    receipt: Option<types::Json<Receipt>>,
}

/// What came of a notification.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct Receipt {
    /// How many times it was sent.
    attempts: i32,
    /// Status of the last answer, for channels over HTTP.
    http_status: Option<i32>,
    /// From the first attempt to the last answer.
    latency_ms: i64,
    /// What the receiver said, shortened.
    detail: String,
    answered_at: DateTime<Utc>,
}

/// The list of notifications.
pub(crate) struct Notifications;

impl Collection for Notifications {
    type Item = NotificationItem;
    const COLUMNS: &'static str = "n.id, n.tenant, n.channel, n.group_key AS group, n.origin, n.origin_id, n.subject, \
        n.level, n.state, n.title, n.body, n.time, n.planned_at, coalesce(n.facts, '{}') AS facts, \
        coalesce(r.status, 'pending') AS status, \
        CASE WHEN r.notification_id IS NOT NULL THEN jsonb_build_object('attempts', r.attempts, \
            'http_status', r.http_status, 'latency_ms', r.latency_ms, 'detail', r.detail, \
            'answered_at', r.answered_at) END AS receipt";
    const FROM: &'static str = "notifications n LEFT JOIN receipts r ON r.notification_id = n.id";
    const SORTS: &'static [Sort] = &[Sort {
        name: "time",
        columns: &[("n.time", "timestamptz"), ("n.id", "text")],
    }];
    const FILTERS: &'static [Filter] = &[
        Filter::equals("channel", "n.channel", "Name of the channel."),
        Filter::equals(
            "status",
            "coalesce(r.status, 'pending')",
            "`pending`, `delivered` or `failed`.",
        ),
        Filter::equals("subject", "n.subject", "What they are about."),
        Filter::equals(
            "origin_id",
            "n.origin_id",
            "The `signal_key` or the detection's `id`.",
        ),
        Filter::equals(
            "level",
            "n.level",
            "Level of the signal, or severity of the detection.",
        ),
        Filter::equals(
            "state",
            "n.state",
            "State of the signal; `detected` for a detection.",
        ),
        Filter::equals("tenant", "n.tenant", "Whose notifications."),
        Filter::since("n.time"),
        Filter::until("n.time"),
    ];
}

/// Notifications with their receipts, newest first.
#[utoipa::path(get, path = "/v1/notifications", tag = "notifications", responses(
    (status = 200, body = Page<NotificationItem>),
    (status = 400, body = Problem, content_type = "application/problem+json"),
    (status = 503, body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(State(api): State<Api>, uri: Uri) -> Result<Answer, Problem> {
    page::page::<Notifications>(&api, &uri).await
}

/// One notification with its receipt.
#[utoipa::path(get, path = "/v1/notifications/{id}", tag = "notifications",
    params(("id" = String, Path, description = "The notification's `id`")),
    responses(
        (status = 200, body = NotificationItem),
        (status = 404, body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ))]
pub(crate) async fn one(
    State(api): State<Api>,
    Key(id): Key,
    uri: Uri,
) -> Result<Json<NotificationItem>, Problem> {
    page::one::<Notifications, _>(&api, &uri, "n.id", id)
        .await
        .map(Json)
}
