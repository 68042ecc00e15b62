//! How much is in work at once: memory for bodies is lent out, and who finds none left is sent away at once.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_ENCODING;
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

/// Lets a request in if there is room for its body; a compressed body, or one of unannounced length, needs room for the
/// largest.
pub(super) async fn admit(State(budget): State<Arc<Budget>>, request: Request, next: Next) -> Response {
    let known = announced(request.headers()).filter(|_| !request.headers().contains_key(CONTENT_ENCODING));
    let bytes = known.unwrap_or_else(|| unannounced(&request, budget.largest));
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
    let detail = format!(
        "{what}; send it again after the time in `Retry-After`, with the `Idempotency-Key` of this answer"
    );
    let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, reason, "Too busy", &detail);
    problem.retry_after(Duration::from_secs(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::body::Body;
    use axum::http::header::RETRY_AFTER;
    use axum::middleware::from_fn_with_state;
    use tower::ServiceExt;

    async fn status(budget: &Arc<Budget>) -> (StatusCode, bool) {
        let layer = from_fn_with_state(Arc::clone(budget), admit);
        let router = Router::new()
            .fallback(|| async { StatusCode::ACCEPTED })
            .layer(layer);
        let response = router.oneshot(Request::new(Body::empty())).await.unwrap();
        (response.status(), response.headers().contains_key(RETRY_AFTER))
    }

    #[tokio::test]
    async fn who_finds_no_room_is_sent_away_until_there_is_some() {
        let budget = Arc::new(Budget::new(1024 * 1024));
        let all = u32::try_from(budget.units.available_permits()).unwrap();
        let taken = budget.units.try_acquire_many(all).unwrap();
        assert_eq!(status(&budget).await, (StatusCode::SERVICE_UNAVAILABLE, true));
        drop(taken);
        assert_eq!(status(&budget).await, (StatusCode::ACCEPTED, false));
        assert_eq!(budget.units.available_permits(), all as usize);
    }

    #[test]
    fn there_is_room_for_two_of_the_largest_bodies_whatever_the_limit() {
        assert_eq!(Budget::new(1).units.available_permits(), 1024);
        assert_eq!(Budget::new(100 * 1024 * 1024).units.available_permits(), 3200);
        assert!(Budget::new(usize::MAX).units.available_permits() > 0);
    }
}
