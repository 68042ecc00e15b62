//! Who is let in: whoever shows a key or a token with the scope `read`.

use crate::problem::Problem;
use access::{Gate, Scope, shown};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::HeaderValue;
use axum::http::header::AUTHORIZATION;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::net::SocketAddr;
use std::sync::Arc;

/// The gate of the API.
pub struct Entry(Arc<Gate>);

impl Entry {
    /// An entry through this gate.
    pub fn new(gate: Arc<Gate>) -> Self {
        Self(gate)
    }

    /// An entry that asks nobody for a key, for tests and measurements.
    pub fn without_keys() -> Self {
        Self::new(Arc::new(Gate::without_keys()))
    }
}

/// Lets a question in, with its [`access::Caller`] among its extensions.
pub(crate) async fn enter(State(entry): State<Arc<Entry>>, mut request: Request, next: Next) -> Response {
    let headers = request.headers();
    let key = headers.get("x-api-key").map(HeaderValue::as_bytes);
    let bearer = headers.get(AUTHORIZATION).map(HeaderValue::as_bytes);
    let from = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let from = from.map(|ConnectInfo(address)| address.ip());
    match entry.0.admit(&shown(key, bearer), from, Scope::Read).await {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(denial) => Problem::denied(&denial).into_response(),
    }
}
