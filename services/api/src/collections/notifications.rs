//! `/v1/notifications`: what was planned, and what came of it.

use super::Stored;
use crate::answer::Answer;
use crate::caller::Asker;
use crate::filter::Filter;
use crate::key::Key;
use crate::page::{self, Api, Collection, Page, Sort};
use crate::parameters::Parameters;
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

/// The notifications that were answered, the last answer first: walks the receipts.
pub(crate) struct Answered;

const STATUS: &str = "`pending`, `delivered` or `failed`.";
const CHANNEL: &str = "Name of the channel.";

impl Collection for Notifications {
    type Item = NotificationItem;
    const COLUMNS: &'static str = "item.id, item.tenant, item.channel, item.group_key AS group, item.origin, \
        item.origin_id, item.subject, item.level, item.state, item.title, item.body, item.time, item.planned_at, \
        coalesce(item.facts, '{}') AS facts, coalesce(r.status, 'pending') AS status, \
        CASE WHEN r.notification_id IS NOT NULL THEN jsonb_build_object('attempts', r.attempts, \
            'http_status', r.http_status, 'latency_ms', r.latency_ms, 'detail', r.detail, \
            'answered_at', r.answered_at) END AS receipt";
    const TABLE: &'static str = "notifications";
    const JOINS: &'static str =
        "LEFT JOIN LATERAL (SELECT * FROM receipts WHERE notification_id = item.id LIMIT 1) r ON true";
    const SORTS: &'static [Sort] = &[Sort {
        name: "time",
        columns: &[("time", "timestamptz"), ("id", "text")],
        walks: &["origin_id", "subject", "state", "level", "channel"],
    }];
    const OTHER_SORTS: &'static [&'static str] = &[BY_ANSWER];
    const FILTERS: &'static [Filter] = &[
        Filter::equals("channel", "channel", CHANNEL),
        Filter::equals(
            "status",
            "coalesce((SELECT status FROM receipts WHERE notification_id = walked.id), 'pending')",
            "`pending`, `delivered` or `failed`; the last two have an index with `sort=answered`.",
        ),
        Filter::equals("subject", "subject", "What they are about."),
        Filter::equals(
            "origin_id",
            "origin_id",
            "The `signal_key` or the detection's `id`.",
        ),
        Filter::equals(
            "level",
            "level",
            "Level of the signal, or severity of the detection.",
        ),
        Filter::equals(
            "state",
            "state",
            "State of the signal; `detected` for a detection.",
        ),
        Filter::tenant("Whose notifications."),
        Filter::since("time"),
        Filter::until("time"),
    ];
}

const BY_ANSWER: &str = "answered";

impl Collection for Answered {
    type Item = NotificationItem;
    const COLUMNS: &'static str = "item.notification_id AS id, item.tenant, item.channel, \
        coalesce(n.group_key, '') AS group, coalesce(n.origin, '') AS origin, coalesce(n.origin_id, '') AS origin_id, \
        coalesce(n.subject, '') AS subject, coalesce(n.level, '') AS level, coalesce(n.state, '') AS state, \
        coalesce(n.title, '') AS title, coalesce(n.body, '') AS body, coalesce(n.time, item.answered_at) AS time, \
        coalesce(n.planned_at, item.answered_at) AS planned_at, coalesce(n.facts, '{}') AS facts, item.status, \
        jsonb_build_object('attempts', item.attempts, 'http_status', item.http_status, \
            'latency_ms', item.latency_ms, 'detail', item.detail, 'answered_at', item.answered_at) AS receipt";
    const TABLE: &'static str = "receipts";
    // A receipt may be stored before its notification.
    const JOINS: &'static str =
        "LEFT JOIN LATERAL (SELECT * FROM notifications WHERE id = item.notification_id LIMIT 1) n ON true";
    const SORTS: &'static [Sort] = &[Sort {
        name: BY_ANSWER,
        columns: &[("answered_at", "timestamptz"), ("notification_id", "text")],
        walks: &["status", "channel"],
    }];
    const OTHER_SORTS: &'static [&'static str] = &["time"];
    const FILTERS: &'static [Filter] = &[
        Filter::equals("channel", "channel", CHANNEL),
        Filter::equals("status", "status", STATUS),
        Filter::tenant("Whose notifications."),
        Filter::since("answered_at"),
        Filter::until("answered_at"),
    ];
}

/// Notifications with their receipts, newest first; with `sort=answered` those with an answer, the last answer first.
#[utoipa::path(get, path = "/v1/notifications", tag = "notifications", responses(
    (status = 200, body = Page<NotificationItem>),
    (status = 400, body = Problem, content_type = "application/problem+json"),
    (status = 503, body = Problem, content_type = "application/problem+json"),
))]
pub(crate) async fn list(State(api): State<Api>, asker: Asker, uri: Uri) -> Result<Answer, Problem> {
    let by_answer = Parameters::read(&uri, &Notifications::parameter_names())?.get("sort") == Some(BY_ANSWER);
    if by_answer {
        page::page::<Answered>(&api, &asker, &uri).await
    } else {
        page::page::<Notifications>(&api, &asker, &uri).await
    }
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
    asker: Asker,
    Key(id): Key,
    uri: Uri,
) -> Result<Json<NotificationItem>, Problem> {
    page::one::<Notifications>(&api, &asker, &uri, page::is("item.id", id))
        .await
        .map(Json)
}
