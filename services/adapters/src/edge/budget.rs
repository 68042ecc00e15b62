//! How much is in work at once: memory for bodies is lent out, and who finds none left is sent away at once.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::body::announced;
use crate::problem::Problem;

/// Bytes of one unit, which even the smallest request takes.
const UNIT: usize = 64 * 1024;
/// Bytes in work at once.
const TOTAL: usize = 64 * 1024 * 1024;
/// How long one request may take in all.
const PATIENCE: Duration = Duration::from_secs(30);

/// What may be in work at once.
pub(super) struct Budget {
    units: Semaphore,
    largest: usize,
}

impl Budget {
    /// Room for 1024 small requests or 64 MiB of large ones, and always for two of the largest.
    pub(super) fn new(largest: usize) -> Self {
        Self {
            units: Semaphore::new((TOTAL / UNIT).max(2 * units(largest) as usize)),
            largest,
        }
    }
}

fn units(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(UNIT))
        .unwrap_or(u32::MAX / 4)
        .clamp(1, u32::MAX / 4)
}

/// Lets a request in if there is room for its body; a body of unannounced length needs room for the largest.
pub(super) async fn admit(State(budget): State<Arc<Budget>>, request: Request, next: Next) -> Response {
    let bytes = announced(request.headers()).unwrap_or_else(|| unannounced(&request, budget.largest));
    let Ok(_room) = budget.units.try_acquire_many(units(bytes.min(budget.largest))) else {
        return busy("too many requests are in work", "overloaded").into_response();
    };
    match timeout(PATIENCE, next.run(request)).await {
        Ok(response) => response,
        Err(_) => busy(
            "the request took longer than 30 s; some events may be taken",
            "timeout",
        )
        .into_response(),
    }
}

fn unannounced(request: &Request, largest: usize) -> usize {
    if axum::body::HttpBody::is_end_stream(request.body()) {
        0
    } else {
        largest
    }
}

fn busy(what: &str, reason: &'static str) -> Problem {
    let detail = format!("{what}; send it again after the time in `Retry-After`, its ids stay the same");
    let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, reason, "Too busy", &detail);
    problem.retry_after(Duration::from_secs(1))
}
