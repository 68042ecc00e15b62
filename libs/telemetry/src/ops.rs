//! `/livez`, `/readyz` and `/metrics` of any process, on a port of their own.
//!
//! Everybody is told whether the process is alive and ready. The parts, with the addresses, paths and errors in their
//! words, and the metrics, whose labels name tenants and sources, are for who may know: see [`OpsAccess`].

mod access;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::get;
use serde_json::json;

use crate::{ComponentState, Health, Metrics};
use access::Stranger;
pub use access::{Guesses, OpsAccess};

/// What counts refusals are of.
const SERVICE: &str = "ops";
/// The content type of the `OpenMetrics` text format.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[derive(Clone)]
struct Ops {
    health: Health,
    metrics: Metrics,
    access: Arc<OpsAccess>,
}

/// The routes. `/livez` is 200 as long as the process answers; `/readyz` is 503 unless all parts are ready, and from the
/// moment the process is told to stop; `/healthz` is 503 only when a part failed.
pub fn ops_router(health: Health, metrics: Metrics, access: OpsAccess) -> Router {
    Router::new()
        .route("/livez", get(|| async { Json(json!({"status": "alive"})) }))
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(show_metrics))
        .with_state(Ops {
            health,
            metrics,
            access: Arc::new(access),
        })
}

async fn healthz(State(ops): State<Ops>, request: Request) -> Response {
    ops.tell(request, |status| status != ComponentState::Failed)
}

async fn readyz(State(ops): State<Ops>, request: Request) -> Response {
    ops.tell(request, ComponentState::is_ready)
}

impl Ops {
    /// The report, as far as the client may know it.
    fn tell(&self, request: Request, fine: fn(ComponentState) -> bool) -> Response {
        let report = self.health.report();
        let status = if fine(report.status) {
            StatusCode::OK
        } else {
            StatusCode::SERVICE_UNAVAILABLE
        };
        match self.access.may_know(&request.into_parts().0) {
            Ok(()) => (status, Json(report)).into_response(),
            Err(stranger) => {
                // Whoever shows nothing asks for the status alone.
                if stranger != Stranger::Nobody {
                    self.refused(stranger);
                }
                (status, Json(json!({"status": report.status}))).into_response()
            }
        }
    }

    fn refused(&self, stranger: Stranger) {
        let reason = stranger.reason();
        self.metrics.filtered(SERVICE, reason, 1);
        tracing::info!(reason, "health and metrics are not told");
    }
}

async fn show_metrics(State(ops): State<Ops>, request: Request) -> Response {
    match ops.access.may_know(&request.into_parts().0) {
        Ok(()) => {
            ops.metrics.health(&ops.health.report());
            ([(header::CONTENT_TYPE, OPEN_METRICS)], ops.metrics.text()).into_response()
        }
        Err(stranger) => {
            ops.refused(stranger);
            match stranger {
                Stranger::SlowedDown(wait) => slowed_down(wait),
                Stranger::Nobody | Stranger::Wrong => unauthorized(),
            }
        }
    }
}

fn slowed_down(wait: Duration) -> Response {
    let problem = json!({
        "type": "urn:sluicebox:problem:too_many_failed_logins",
        "title": "Too many requests",
        "status": 429,
        "detail": "too many wrong tokens from this address; wait, then send the right one",
    });
    let headers = [
        (header::CONTENT_TYPE, "application/problem+json".to_owned()),
        (header::RETRY_AFTER, (wait.as_secs() + 1).to_string()),
    ];
    (StatusCode::TOO_MANY_REQUESTS, headers, problem.to_string()).into_response()
}

fn unauthorized() -> Response {
    let problem = json!({
        "type": "urn:sluicebox:problem:unauthorized",
        "title": "Token required",
        "status": 401,
        "detail": "send the token of `ops.token` as `Authorization: Bearer`; without a token set, ask from this machine",
    });
    let headers = [
        (header::CONTENT_TYPE, "application/problem+json"),
        (header::WWW_AUTHENTICATE, "Bearer realm=\"sluicebox-ops\""),
    ];
    (StatusCode::UNAUTHORIZED, headers, problem.to_string()).into_response()
}

#[cfg(test)]
mod tests;
