//! Errors as problem details. Source: RFC 9457.

use crate::refusals::Reason;
use access::Denial;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use listen::HostRefusal;
use serde::Serialize;
use std::time::Duration;
use utoipa::ToSchema;

/// What went wrong, for programs and people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// Names the kind of problem; stable.
    #[serde(rename = "type")]
    #[schema(example = "urn:sluicebox:problem:unknown-parameter")]
    kind: String,
    /// The kind of problem in words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What is wrong here, and how to mend it.
    detail: String,
    /// Seconds to wait before the next try.
    #[serde(skip)]
    retry_after: Option<u32>,
    /// `WWW-Authenticate`.
    #[serde(skip)]
    challenge: Option<&'static str>,
    /// The reason that it is counted under, which may be more exact than what is told.
    #[serde(skip)]
    reason: String,
}

impl Problem {
    fn new(status: StatusCode, kind: &str, title: &'static str, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:sluicebox:problem:{kind}"),
            title,
            status: status.as_u16(),
            detail: detail.into(),
            retry_after: None,
            challenge: None,
            reason: kind.replace('-', "_"),
        }
    }

    /// Whoever asks is not let in.
    pub(crate) fn denied(denial: &Denial) -> Self {
        let status = StatusCode::from_u16(denial.status()).unwrap_or(StatusCode::UNAUTHORIZED);
        let kind = match status {
            StatusCode::UNAUTHORIZED => "unauthorized".to_owned(),
            StatusCode::FORBIDDEN => "forbidden".to_owned(),
            _ => denial.reason().replace('_', "-"),
        };
        let seconds = denial.retry_after().map(|wait| wait.as_secs().saturating_add(1));
        Self {
            retry_after: seconds.map(|seconds| u32::try_from(seconds).unwrap_or(u32::MAX)),
            challenge: denial.challenge(),
            reason: denial.reason().to_owned(),
            ..Self::new(status, &kind, denial.title(), denial.to_string())
        }
    }

    pub(crate) fn unknown_parameter(name: &str, known: &[&str]) -> Self {
        let detail = format!("`{name}` is not known here; known are {}", known.join(", "));
        Self::new(
            StatusCode::BAD_REQUEST,
            "unknown-parameter",
            "Unknown query parameter",
            detail,
        )
    }

    pub(crate) fn invalid_parameter(name: &str, wanted: &str) -> Self {
        let detail = format!("`{name}` must be {wanted}");
        Self::new(
            StatusCode::BAD_REQUEST,
            "invalid-parameter",
            "Invalid query parameter",
            detail,
        )
    }

    pub(crate) fn invalid_cursor() -> Self {
        let detail = "`cursor` is not one that this list gave; begin again without it";
        Self::new(
            StatusCode::BAD_REQUEST,
            "invalid-cursor",
            "Invalid cursor",
            detail,
        )
    }

    /// The caller asks about a tenant that is not its own.
    pub(crate) fn forbidden_tenant(given: &str) -> Self {
        let detail = format!("`tenant` is {given:?}, which is not yours; leave it away");
        Self::new(
            StatusCode::FORBIDDEN,
            "forbidden-tenant",
            "Not your tenant",
            detail,
        )
    }

    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "Not found", what)
    }

    pub(crate) fn method_not_allowed() -> Self {
        let detail = "only GET and HEAD are answered here; events are sent to the adapters";
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method-not-allowed",
            "Method not allowed",
            detail,
        )
    }

    pub(crate) fn not_our_host(refusal: &HostRefusal) -> Self {
        let kind = refusal.reason().replace('_', "-");
        let title = "Not meant for this server";
        Self::new(refusal.status(), &kind, title, refusal.to_string())
    }

    pub(crate) fn overloaded() -> Self {
        let detail = "too many requests are being answered; try again soon";
        Self::unavailable("overloaded", "Overloaded", detail, 1)
    }

    /// The caller has too many questions under way.
    pub(crate) fn too_many_questions() -> Self {
        let detail =
            "too many of your questions are being answered; ask them one after another, and read the answers";
        Self::too_many(
            "too-many-questions",
            "Too many questions at once",
            detail.to_owned(),
            1,
        )
    }

    /// The caller has used up its time of the database for now.
    pub(crate) fn budget_spent(wait: Duration) -> Self {
        let seconds = u32::try_from(wait.as_secs())
            .unwrap_or(u32::MAX)
            .saturating_add(1);
        let detail = format!(
            "your questions have used up their time of the database; ask again in {seconds} s, or narrower ones"
        );
        Self::too_many("budget-spent", "Budget is used up", detail, seconds)
    }

    /// An item that is no JSON: a fault of ours.
    #[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
    pub(crate) fn unwritable(error: serde_json::Error) -> Self {
        tracing::error!(%error, "an item cannot be written as JSON");
        let detail = "an item cannot be written as JSON; please report it with the address that was asked";
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "unwritable",
            "Item cannot be written",
            detail,
        )
    }

    fn too_many(kind: &str, title: &'static str, detail: String, retry_after: u32) -> Self {
        Self {
            retry_after: Some(retry_after),
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, kind, title, detail)
        }
    }

    fn unavailable(kind: &str, title: &'static str, detail: &str, retry_after: u32) -> Self {
        let problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, kind, title, detail);
        Self {
            retry_after: Some(retry_after),
            ..problem
        }
    }
}

/// PostgreSQL's code for a statement that took longer than it may.
const CANCELED: &str = "57014";
/// PostgreSQL's class of values that cannot be read. All but those of cursors are checked before.
const DATA: &str = "22";
/// PostgreSQL's code for a table that is not there.
const NO_TABLE: &str = "42P01";

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        let code = error
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code)
            .unwrap_or_default();
        if code.starts_with(DATA) {
            return Self::invalid_cursor();
        }
        tracing::warn!(%error, "a question could not be answered");
        match code.as_ref() {
            CANCELED => {
                let detail = "the answer takes too long; narrow it with `subject`, `since` or `until`";
                Self::unavailable("too-slow", "Query takes too long", detail, 30)
            }
            NO_TABLE => {
                let detail = "the database has no tables yet; run `sluicebox migrate`";
                Self::unavailable("no-tables", "Database is not migrated", detail, 30)
            }
            _ => Self::unavailable(
                "database-away",
                "Database is away",
                "the database does not answer now",
                5,
            ),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let media = HeaderValue::from_static("application/problem+json");
        let mut response = (status, [(header::CONTENT_TYPE, media)], body).into_response();
        response.extensions_mut().insert(Reason(self.reason));
        if let Some(challenge) = self.challenge {
            let challenge = HeaderValue::from_static(challenge);
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        if let Some(seconds) = self.retry_after {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
