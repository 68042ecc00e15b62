//! Where a request goes, by its path and method. A table of six paths needs no router: one would box and copy what a
//! request takes no more of than a comparison.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use access::Gate;
use axum::body::{Bytes, HttpBody};
use axum::http::request::Parts;
use axum::http::{Method, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use listen::{Answers, Received};
use settings::{AdaptersSettings, AdmissionSettings, Watched};

use super::framing::{Framed, framed};
use super::{Edge, deliveries, receive, socket};
use crate::dialects::Route;
use crate::ingest::Ingest;
use crate::problem::Problem;
use crate::tally::Tally;
use crate::webhooks::Webhooks;

/// All paths of the edge. Clones share everything.
pub struct Paths<I>(Arc<Edge<I>>);

/// A request that stands before its path.
pub(super) struct Arrived<B> {
    pub(super) head: Parts,
    pub(super) body: B,
    pub(super) framed: Arc<Framed>,
    /// The address of its client, if the listener says so.
    pub(super) from: Option<IpAddr>,
}

impl<I: Ingest> Paths<I> {
    /// Answers 202 only for what `ingest` acknowledged. Which paths are webhooks is followed.
    pub fn new(
        ingest: Arc<I>,
        settings: &AdaptersSettings,
        admission: &AdmissionSettings,
        gate: Arc<Gate>,
        tally: Arc<dyn Tally>,
        webhooks: &Watched<Webhooks>,
    ) -> Self {
        Self(Arc::new(Edge::new(
            ingest, settings, admission, gate, tally, webhooks,
        )))
    }

    /// The answer to a request of a client at this address.
    pub async fn answer<B>(&self, request: Request<B>, from: Option<IpAddr>) -> Response
    where
        B: HttpBody<Data = Bytes> + Send + Unpin + 'static,
    {
        framed(&self.0, request, from).await
    }
}

impl<I: Ingest> Answers for Paths<I> {
    async fn answer(&self, request: Request<Received>, peer: SocketAddr) -> Response {
        self.answer(request, Some(peer.ip())).await
    }
}

impl<I> Clone for Paths<I> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// Sends a request its way: to the path of a webhook, as the webhooks are now, or to one of ours.
pub(super) async fn go<I, B>(edge: &Arc<Edge<I>>, arrived: Arrived<B>) -> Response
where
    I: Ingest,
    B: HttpBody<Data = Bytes> + Send + Unpin + 'static,
{
    let (path, posted) = (arrived.head.uri.path(), arrived.head.method == Method::POST);
    let hook = edge.webhooks.guard().at(path).cloned();
    match (hook, Route::at(path)) {
        (Some(hook), _) if posted => deliveries::receive(edge, &hook, arrived).await,
        (None, Some(Route::Socket)) if arrived.head.method == Method::GET => {
            socket::open(Arc::clone(edge), arrived).await
        }
        (None, Some(route)) if posted && route != Route::Socket => {
            receive::receive(route, edge, arrived).await
        }
        (None, None) => unknown_path().into_response(),
        _ => wrong_method().into_response(),
    }
}

fn unknown_path() -> Problem {
    let detail = "nothing is read here; post events to /v1/events, /events, /emit, /api/v1/events, \
                  /api/v1/webhooks/ingest or a webhook's path, or open a WebSocket at /ws";
    Problem::new(StatusCode::NOT_FOUND, "unknown_path", "Unknown path", detail)
}

fn wrong_method() -> Problem {
    let detail = "events are posted: use POST";
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "wrong_method",
        "Method not allowed",
        detail,
    )
}
