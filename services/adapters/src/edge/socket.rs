//! `/ws`, StreamFlow's WebSocket: one JSON event a text frame, one answer a frame, in order, under the same limits.
//!
//! The key is looked at for every frame, so that one that is revoked or expires sends nothing more. Frames are read one
//! at a time: the next is read when the last one is acknowledged, so that a client cannot run ahead of the log.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use access::Caller;
use axum::extract::FromRequestParts;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::attempt::Attempt;
use super::framing::Trace;
use super::paths::Arrived;
use super::receive::spend;
use super::{Edge, count, now};
use crate::dialects::{Incoming, Route, read};
use crate::ingest::Ingest;
use crate::problem::Problem;
use crate::publish::publish;

/// A connection that sends nothing for so long is closed.
const IDLE: Duration = Duration::from_mins(2);
/// How long a client may take to read one answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Who is at the other end of a connection.
struct Peer {
    /// As they came with the request that opened it.
    headers: HeaderMap,
    from: Option<IpAddr>,
}

/// Opens a connection for who shows a key.
pub(super) async fn open<I: Ingest, B>(edge: Arc<Edge<I>>, arrived: Arrived<B>) -> Response {
    let (mut head, from) = (arrived.head, arrived.from);
    let upgrade = WebSocketUpgrade::from_request_parts(&mut head, &()).await;
    let peer = Peer {
        headers: head.headers,
        from,
    };
    if let Err(denial) = edge.door.caller(&peer.headers, peer.from).await {
        return Problem::from(&denial).into_response();
    }
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => {
            let problem = Problem::new(
                rejection.status(),
                "no_upgrade",
                "No WebSocket",
                &rejection.body_text(),
            );
            return problem.into_response();
        }
    };
    let most = edge.limits.body_bytes;
    upgrade
        .max_message_size(most)
        .max_frame_size(most)
        .on_upgrade(move |socket| serve(edge, peer, socket))
}

async fn serve<I: Ingest>(edge: Arc<Edge<I>>, peer: Peer, mut socket: WebSocket) {
    while let Ok(Some(Ok(message))) = timeout(IDLE, socket.recv()).await {
        let answer = match message {
            Message::Text(text) => one(&edge, &peer, text.as_bytes()).await,
            Message::Binary(_) => Err(told(&edge, &binary_frame())),
            Message::Ping(_) | Message::Pong(_) => continue,
            Message::Close(_) => return,
        };
        let refused = matches!(&answer, Err(answer) if answer["status"] == 401 || answer["status"] == 403);
        let text = answer.unwrap_or_else(|error| error).to_string();
        let sent = timeout(PATIENCE, socket.send(Message::Text(text.into()))).await;
        if !matches!(sent, Ok(Ok(()))) {
            return;
        }
        if refused && edge.door.caller(&peer.headers, peer.from).await.is_err() {
            let reason = "this key may not send any more".into();
            let code = close_code::POLICY;
            let close = Message::Close(Some(CloseFrame { code, reason }));
            drop(timeout(PATIENCE, socket.send(close)).await);
            return;
        }
    }
}

/// Takes the event of one frame.
async fn one<I: Ingest>(edge: &Edge<I>, peer: &Peer, frame: &[u8]) -> Result<Value, Value> {
    let caller = edge.door.caller(&peer.headers, peer.from).await;
    let caller = caller.map_err(|denial| told(edge, &Problem::from(&denial)))?;
    taken(edge, &caller, frame).await
}

async fn taken<I: Ingest>(edge: &Edge<I>, caller: &Caller, frame: &[u8]) -> Result<Value, Value> {
    let (trace, headers) = (Trace::fresh(), HeaderMap::new());
    let request = Attempt::of(&headers).request();
    let reading = request.and_then(|request| {
        let incoming = Incoming {
            headers: &headers,
            body: frame,
            now: now(),
            request: &request,
            caller,
        };
        read(Route::Socket, &incoming, &edge.limits)
    });
    let reading = reading.map_err(|rejection| {
        let problem = Problem::from(&rejection);
        edge.tally.rejected(Route::Socket.dialect(), problem.reason(), 1);
        of(&problem)
    })?;
    let reading = reading.without(|event| edge.mute.holds(event));
    spend(&edge.gate, caller, &reading, frame.len()).map_err(|denial| told(edge, &Problem::from(&denial)))?;
    let dialect = reading.dialect;
    let outcome = publish(&*edge.ingest, reading, trace.header()).await;
    count(&*edge.tally, dialect, &outcome);
    match (outcome.accepted.first(), outcome.rejected.first()) {
        (Some((_, id)), _) => Ok(json!({"id": id, "status": "accepted"})),
        (None, Some((_, problem))) => Err(of(problem)),
        (None, None) => Err(told(
            edge,
            &Problem::new(
                StatusCode::BAD_REQUEST,
                "empty_body",
                "Empty body",
                "nothing was sent",
            ),
        )),
    }
}

fn told<I>(edge: &Edge<I>, problem: &Problem) -> Value {
    edge.tally.refused(problem.counted_reason());
    of(problem)
}

/// A problem as StreamFlow's clients read it: `error` says what is wrong, the rest is that of RFC 9457.
fn of(problem: &Problem) -> Value {
    let mut json = problem.to_json(&[]);
    let detail = json["detail"].take();
    json["error"] = detail;
    if let Value::Object(members) = &mut json {
        members.shift_remove("detail");
    }
    json
}

fn binary_frame() -> Problem {
    let (status, title) = (StatusCode::UNSUPPORTED_MEDIA_TYPE, "Binary frame");
    Problem::new(status, "binary_frame", title, "send events as text frames")
}
