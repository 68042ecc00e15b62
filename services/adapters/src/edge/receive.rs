//! What happens with a request that was let in: read, owned, admitted, published, answered.

use std::sync::Arc;

use access::{Caller, Denial, Gate};
use axum::body::{Bytes, HttpBody};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_ENCODING;
use axum::response::{IntoResponse, Response};

use super::budget::{Metered, Owner, Room};
use super::framing::Framed;
use super::paths::Arrived;
use super::{Edge, body, count, now};
use crate::answer::answer;
use crate::dialects::{Dialect, Incoming, Reading, Route, read};
use crate::ingest::Ingest;
use crate::problem::Problem;
use crate::publish::publish;
use crate::rejection::Rejection;

/// A request that is there as a whole.
pub(super) struct Whole {
    pub(super) headers: HeaderMap,
    pub(super) framed: Arc<Framed>,
    pub(super) body: Vec<u8>,
}

/// Lets a request in that was posted to a path, and takes its events.
pub(super) async fn receive<I, B>(route: Route, edge: &Arc<Edge<I>>, arrived: Arrived<B>) -> Response
where
    I: Ingest,
    B: HttpBody<Data = Bytes> + Send + Unpin + 'static,
{
    let caller = match edge.door.caller(&arrived.head.headers, arrived.from).await {
        Ok(caller) => caller,
        Err(denial) => return Problem::from(&denial).into_response(),
    };
    let room = match edge.budget.lend(Owner::caller(&caller, arrived.from)) {
        Ok(room) => room,
        Err(busy) => return busy.into_response(),
    };
    let taken = take(route, edge, &caller, arrived, &room).await;
    room.judged(taken)
}

async fn take<I, B>(
    route: Route,
    edge: &Arc<Edge<I>>,
    caller: &Arc<Caller>,
    arrived: Arrived<B>,
    room: &Arc<Room>,
) -> Response
where
    I: Ingest,
    B: HttpBody<Data = Bytes> + Send + Unpin + 'static,
{
    let whole = match collect(edge, arrived, room).await {
        Ok(whole) => whole,
        Err(problem) => return problem.into_response(),
    };
    let bytes = whole.body.len();
    let turn = edge.heavy.turn(room.owner, bytes).await;
    let reading = edge.heavy.run(turn, {
        let (edge, caller) = (Arc::clone(edge), Arc::clone(caller));
        move || (understood(&edge, route, &caller, &whole), whole)
    });
    // The turn is held until the answer is there.
    let (reading, whole, _turn) = match reading.await {
        Ok(((Ok(reading), whole), turn)) => (reading, whole, turn),
        Ok(((Err(rejection), _), _)) => {
            let problem = Problem::from(&rejection).counted();
            edge.tally.rejected(route.dialect(), problem.reason(), 1);
            return problem.into_response();
        }
        Err(problem) => return problem.into_response(),
    };
    let packed = whole.headers.contains_key(CONTENT_ENCODING);
    let unpacked = if packed { bytes } else { 0 };
    if let Err(problem) = room.take_events(reading.items.len(), unpacked).await {
        return problem.into_response();
    }
    if let Err(denial) = spend(&edge.gate, caller, &reading, bytes) {
        return Problem::from(&denial).into_response();
    }
    settle(edge, reading, &whole).await
}

/// The events of a request, but for those that are not heard.
fn understood<I>(edge: &Edge<I>, route: Route, caller: &Caller, whole: &Whole) -> Result<Reading, Rejection> {
    let request = whole.framed.attempt.request()?;
    let incoming = Incoming {
        headers: &whole.headers,
        body: &whole.body,
        now: now(),
        request: &request,
        caller,
    };
    Ok(read(route, &incoming, &edge.limits)?.without(|event| edge.mute.holds(event)))
}

/// A request whole: its head, its trace and its body.
pub(super) async fn collect<I, B>(
    edge: &Edge<I>,
    arrived: Arrived<B>,
    room: &Arc<Room>,
) -> Result<Whole, Problem>
where
    B: HttpBody<Data = Bytes> + Unpin,
{
    let Arrived {
        head, body, framed, ..
    } = arrived;
    let headers = head.headers;
    let stream = Metered::new(body, Arc::clone(room));
    let turn = (&edge.heavy, room.owner);
    let body = body::collect(&headers, stream, edge.limits.body_bytes, turn).await?;
    Ok(Whole {
        headers,
        framed,
        body,
    })
}

/// Takes events and bytes from what the caller may send.
pub(super) fn spend(gate: &Gate, caller: &Caller, reading: &Reading, bytes: usize) -> Result<(), Denial> {
    gate.spend(caller, reading.items.len() as u64, bytes as u64)
}

/// Publishes what was read, counts and answers.
pub(super) async fn settle<I: Ingest>(edge: &Edge<I>, reading: Reading, whole: &Whole) -> Response {
    let headers = &whole.headers;
    let (dialect, single): (Dialect, bool) = (reading.dialect, reading.single);
    let outcome = publish(&*edge.ingest, reading, whole.framed.trace.header()).await;
    count(&*edge.tally, dialect, &outcome);
    echo(headers, answer(dialect, single, outcome, correlation(headers)))
}

fn correlation(headers: &HeaderMap) -> Option<&str> {
    headers.get("x-correlation-id")?.to_str().ok()
}

fn echo(headers: &HeaderMap, mut response: Response) -> Response {
    if let Some(id) = headers.get("x-correlation-id") {
        response.headers_mut().insert("x-correlation-id", id.clone());
    }
    response
}
