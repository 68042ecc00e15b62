//! What stands behind a listener: a router, or anything else that turns a request into an answer.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::response::Response;
use http::Request;
use tower::Service;

use crate::body::Received;

/// Answers requests. Clones answer the same; there is one for each connection.
pub trait Answers: Clone + Send + Sync + 'static {
    /// The answer to a request from this peer.
    fn answer(&self, request: Request<Received>, peer: SocketAddr) -> impl Future<Output = Response> + Send;
}

/// Handlers find the peer's address among the request's extensions, as axum's [`ConnectInfo`].
impl Answers for Router {
    async fn answer(&self, mut request: Request<Received>, peer: SocketAddr) -> Response {
        request.extensions_mut().insert(ConnectInfo(peer));
        let Ok(response) = self.clone().call(request).await;
        response
    }
}
