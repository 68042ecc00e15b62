//! A stand-in for whoever receives webhooks: takes everything, and remembers the ids.

use crate::failure::Failure;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpListener;

#[derive(Default)]
struct Received {
    calls: u64,
    ids: HashSet<String>,
}

/// Receives webhooks until the process ends.
pub(super) struct Receiver {
    address: SocketAddr,
    received: Arc<Mutex<Received>>,
}

impl Receiver {
    /// Listens on a free port of this machine.
    pub(super) async fn start() -> Result<Self, Failure> {
        let failed = |error: std::io::Error| Failure::File(format!("no port for webhooks: {error}"));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let received = Arc::new(Mutex::new(Received::default()));
        let router = Router::new()
            .route("/{channel}", post(receive))
            .with_state(Arc::clone(&received));
        tokio::spawn(async { axum::serve(listener, router).await });
        Ok(Self { address, received })
    }

    pub(super) fn url(&self, channel: &str) -> String {
        format!("http://{}/{channel}", self.address)
    }

    pub(super) fn calls(&self) -> u64 {
        self.received.lock().unwrap_or_else(PoisonError::into_inner).calls
    }

    pub(super) fn distinct(&self) -> usize {
        self.received
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .ids
            .len()
    }
}

async fn receive(State(received): State<Arc<Mutex<Received>>>, headers: HeaderMap) -> StatusCode {
    let id = headers
        .get("webhook-id")
        .and_then(|id| id.to_str().ok())
        .unwrap_or_default();
    let mut received = received.lock().unwrap_or_else(PoisonError::into_inner);
    received.calls += 1;
    received.ids.insert(id.to_owned());
    StatusCode::NO_CONTENT
}
