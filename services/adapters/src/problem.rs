//! Problem details for HTTP APIs. Source: RFC 9457.

use access::Denial;
use axum::body::Body;
use axum::http::header::{ACCEPT, ALLOW, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::ingest::IngestError;
use crate::rejection::Rejection;

/// Longest `detail`, in characters; what was sent may be quoted in it.
const MAX_DETAIL: usize = 600;

/// What is read, as `Accept` lists it (RFC 9110, section 15.5.16).
const MEDIA_TYPES: &str = "application/cloudevents+json, application/cloudevents-batch+json, \
                           application/x-ndjson, application/json";

/// One problem, to be answered as `application/problem+json` or to stand beside the event it is about.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    status: StatusCode,
    reason: &'static str,
    title: &'static str,
    detail: String,
    retry_after_s: Option<u64>,
    headers: Vec<(HeaderName, &'static str)>,
    /// Whether its events are counted one by one.
    counted: bool,
    /// The reason that it is counted under, if not the one that is told.
    counted_as: Option<&'static str>,
    members: Map<String, Value>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, reason: &'static str, title: &'static str, detail: &str) -> Self {
        let detail = detail.chars().take(MAX_DETAIL).collect();
        Self {
            status,
            reason,
            title,
            detail,
            retry_after_s: None,
            headers: Vec::new(),
            counted: false,
            counted_as: None,
            members: Map::new(),
        }
    }

    /// With `Retry-After`, in whole seconds, at least one.
    pub(crate) fn retry_after(mut self, wait: std::time::Duration) -> Self {
        self.retry_after_s = Some((wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1));
        self
    }

    /// With a header.
    pub(crate) fn with_header(mut self, name: HeaderName, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The same, once what it is about is counted, so that nobody counts it again.
    pub(crate) fn counted(mut self) -> Self {
        self.counted = true;
        self
    }

    /// Whether what it is about is counted.
    pub(crate) fn is_counted(&self) -> bool {
        self.counted
    }

    /// Counted under a reason that is not told.
    pub(crate) fn counted_as(mut self, reason: &'static str) -> Self {
        self.counted_as = Some(reason);
        self
    }

    /// The reason that it is counted under: one of a fixed set.
    pub(crate) fn counted_reason(&self) -> &'static str {
        self.counted_as.unwrap_or(self.reason)
    }

    /// With an extension member.
    pub(crate) fn with(mut self, name: &str, value: Value) -> Self {
        self.members.insert(name.to_owned(), value);
        self
    }

    /// The short name, for metrics: one of a fixed set.
    pub fn reason(&self) -> &'static str {
        self.reason
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The JSON form; `extra` are members that only the answer as a whole has.
    pub(crate) fn to_json(&self, extra: &[(&str, &str)]) -> Value {
        let mut json = json!({
            "type": format!("urn:sluicebox:problem:{}", self.reason),
            "title": self.title,
            "status": self.status.as_u16(),
            "detail": self.detail,
        });
        for (name, value) in extra {
            json[*name] = Value::from(*value);
        }
        if let Value::Object(object) = &mut json {
            object.extend(self.members.clone());
        }
        json
    }

    /// Writes the body of an answer that was made from a problem, now that request and trace are known.
    pub(crate) fn complete(response: &mut Response, path: &str, trace_id: &str) -> Option<Self> {
        let problem = response.extensions_mut().remove::<Self>()?;
        let json = problem.to_json(&[("instance", path), ("trace_id", trace_id)]);
        *response.body_mut() = Body::from(json.to_string());
        response.headers_mut().remove(CONTENT_LENGTH);
        Some(problem)
    }
}

impl From<&Rejection> for Problem {
    fn from(rejection: &Rejection) -> Self {
        let (status, reason, title) = rejection.describe();
        let problem = Self::new(status, reason, title, &rejection.to_string());
        match rejection {
            Rejection::MediaType(..) => problem.with_header(ACCEPT, MEDIA_TYPES),
            Rejection::Forbidden(forbidden) => problem.with("field", forbidden.field().into()),
            _ => problem,
        }
    }
}

impl From<&Denial> for Problem {
    fn from(denial: &Denial) -> Self {
        let status = StatusCode::from_u16(denial.status()).unwrap_or(StatusCode::UNAUTHORIZED);
        let reason = match status {
            StatusCode::UNAUTHORIZED => "unauthorized",
            StatusCode::FORBIDDEN => "forbidden",
            _ => denial.reason(),
        };
        let mut problem =
            Self::new(status, reason, denial.title(), &denial.to_string()).counted_as(denial.reason());
        if let Some(challenge) = denial.challenge() {
            problem = problem.with_header(WWW_AUTHENTICATE, challenge);
        }
        match denial.retry_after() {
            Some(wait) => problem.retry_after(wait),
            None => problem,
        }
    }
}

impl From<&IngestError> for Problem {
    fn from(error: &IngestError) -> Self {
        let detail = error.to_string();
        match error {
            IngestError::Unavailable { retry_after, .. } => {
                let title = "The event log does not answer";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", title, &detail)
                    .retry_after(*retry_after)
            }
            IngestError::TooLarge { .. } => Self::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "event_too_large",
                "Event too large",
                &detail,
            ),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after_s {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        for (name, value) in &self.headers {
            headers.insert(name, HeaderValue::from_static(value));
        }
        if self.status == StatusCode::METHOD_NOT_ALLOWED {
            headers.insert(ALLOW, HeaderValue::from_static("POST"));
        }
        response.extensions_mut().insert(self);
        response
    }
}
