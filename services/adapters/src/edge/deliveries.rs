//! Webhooks that come in: verified by their signature, then events like any other.

use std::net::IpAddr;

use access::Denial;
use axum::body::{Bytes, HttpBody};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

use super::budget::{Owner, Room};
use super::paths::Arrived;
use super::receive::{collect, settle, spend};
use super::{Edge, now};
use crate::admit::admit;
use crate::deliveries::Answered;
use crate::dialects::{Dialect, Item, Reading};
use crate::ingest::Ingest;
use crate::own::own;
use crate::problem::Problem;
use crate::webhooks::Hook;

/// Takes one delivery. Until its body is there, nobody knows whether it is signed: its room is its address's.
pub(super) async fn receive<I, B>(edge: &Edge<I>, hook: &Hook, arrived: Arrived<B>) -> Response
where
    I: Ingest,
    B: HttpBody<Data = Bytes> + Send + Unpin + 'static,
{
    if let Some(wait) = edge.gate.signature_waits(&hook.caller.name, arrived.from) {
        return Problem::from(&Denial::SlowedDown(wait)).into_response();
    }
    let room = match edge.budget.lend(Owner::address(arrived.from)) {
        Ok(room) => room,
        Err(busy) => return busy.into_response(),
    };
    let taken = verify(edge, hook, arrived, &room).await;
    room.judged(taken)
}

async fn verify<I, B>(edge: &Edge<I>, hook: &Hook, arrived: Arrived<B>, room: &Arc<Room>) -> Response
where
    I: Ingest,
    B: HttpBody<Data = Bytes> + Send + Unpin + 'static,
{
    let from = arrived.from;
    let whole = match collect(edge, arrived, room).await {
        Ok(whole) => whole,
        Err(problem) => return problem.into_response(),
    };
    let reading = match read(hook, edge, &whole.headers, &whole.body, from) {
        Ok(reading) => reading,
        Err(response) => return *response,
    };
    if let Err(denial) = spend(&edge.gate, &hook.caller, &reading, whole.body.len()) {
        return Problem::from(&denial).into_response();
    }
    settle(edge, reading, &whole).await
}

/// The event of a delivery that is verified; else what is answered.
fn read<I>(
    hook: &Hook,
    edge: &Edge<I>,
    headers: &HeaderMap,
    body: &[u8],
    from: Option<IpAddr>,
) -> Result<Reading, Box<Response>> {
    let header = |name: &str| {
        let mut values = headers.get_all(name).iter();
        let first = values.next().filter(|_| values.next().is_none());
        first.and_then(|value| value.to_str().ok())
    };
    let now = now();
    let verified = hook.verifier.verify(header, body, now);
    edge.gate
        .note_signature(&hook.caller.name, from, verified.is_ok());
    let name = &hook.settings.name;
    let delivery =
        verified.map_err(|fault| Box::new(refused(name, fault.reason(), &fault.to_string(), from)))?;
    let event = match crate::deliveries::event(&hook.settings, delivery, header, body, now) {
        Answered::Event(event) => own(*event, &hook.caller),
        Answered::Challenge(json) => return Err(Box::new(axum::Json(json).into_response())),
    };
    // Without the provider's id, equal content is the same delivery.
    let request = model::Request::keyed("delivery");
    let event = event.and_then(|event| admit(event, now, &request, &edge.limits));
    let reading = Reading {
        dialect: Dialect::Webhook,
        single: true,
        items: vec![Item { index: 0, event }],
    };
    Ok(reading.without(|event| edge.mute.holds(event)))
}

fn refused(name: &str, reason: &'static str, detail: &str, from: Option<IpAddr>) -> Response {
    tracing::info!(webhook = name, reason, address = ?from, "delivery refused");
    let problem = Problem::new(
        StatusCode::UNAUTHORIZED,
        "bad_signature",
        "Signature refused",
        detail,
    );
    problem.counted_as(reason).into_response()
}
