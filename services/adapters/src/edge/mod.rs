//! The HTTP edge: who may come in, how much, and what happens with a request that is let in.

mod attempt;
mod body;
mod budget;
mod coding;
mod deliveries;
mod door;
mod framing;
mod heavy;
mod hosts;
mod receive;
mod socket;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use access::Gate;
use axum::Router;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use model::Millis;
use settings::{AdaptersSettings, AdmissionSettings, Watched};

use crate::dialects::{Dialect, Route};
use crate::ingest::Ingest;
use crate::limits::Limits;
use crate::mute::Mute;
use crate::problem::Problem;
use crate::publish::Outcome;
use crate::tally::Tally;
use crate::webhooks::Webhooks;
use budget::Budget;
use deliveries::Signed;
use door::Door;
use framing::Frame;
use heavy::Heavy;

struct Edge<I> {
    ingest: Arc<I>,
    tally: Arc<dyn Tally>,
    gate: Arc<Gate>,
    door: Door,
    budget: Arc<Budget>,
    limits: Limits,
    mute: Mute,
    heavy: Heavy,
}

/// All paths of the edge. Answers 202 only for what `ingest` acknowledged. Which paths are webhooks is followed.
pub fn router<I: Ingest>(
    ingest: Arc<I>,
    settings: &AdaptersSettings,
    admission: &AdmissionSettings,
    gate: Arc<Gate>,
    tally: Arc<dyn Tally>,
    webhooks: &Watched<Webhooks>,
) -> Router {
    let limits = Limits::new(settings, admission);
    let edge = Arc::new(Edge {
        ingest,
        tally: Arc::clone(&tally),
        door: Door::new(Arc::clone(&gate), settings.rate_per_s),
        gate,
        budget: Arc::new(Budget::new(limits.body_bytes)),
        limits,
        mute: Mute::new(&settings.mute),
        heavy: Heavy::new(),
    });
    let by_signature = Router::new()
        .fallback(deliveries::receive::<I>)
        .with_state(Arc::clone(&edge));
    let frame = Arc::new(Frame {
        tally,
        hosts: hosts::of(settings),
        signed: Signed::new(webhooks.clone(), by_signature),
    });
    by_key(edge)
        .fallback(unknown_path)
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn_with_state(frame, framing::frame))
}

/// Paths that ask for a key.
fn by_key<I: Ingest>(edge: Arc<Edge<I>>) -> Router {
    let posted = Route::POSTED.into_iter().fold(Router::new(), |router, route| {
        let handler = move |state, request| receive::receive::<I>(route, state, request);
        router.route(route.path(), post(handler))
    });
    posted
        .route(Route::Socket.path(), get(socket::open::<I>))
        .with_state(edge)
}

fn count(tally: &dyn Tally, dialect: Dialect, outcome: &Outcome) {
    if !outcome.accepted.is_empty() {
        tally.accepted(dialect, outcome.accepted.len() as u64);
    }
    let mut reasons = BTreeMap::<&'static str, u64>::new();
    for (_, problem) in &outcome.rejected {
        *reasons.entry(problem.reason()).or_default() += 1;
    }
    for (reason, events) in reasons {
        tally.rejected(dialect, reason, events);
    }
}

fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX)
}

async fn unknown_path() -> Problem {
    let detail = "nothing is read here; post events to /v1/events, /events, /emit, /api/v1/events, \
                  /api/v1/webhooks/ingest or a webhook's path, or open a WebSocket at /ws";
    Problem::new(StatusCode::NOT_FOUND, "unknown_path", "Unknown path", detail)
}

async fn wrong_method() -> Problem {
    let detail = "events are posted: use POST";
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "wrong_method",
        "Method not allowed",
        detail,
    )
}
