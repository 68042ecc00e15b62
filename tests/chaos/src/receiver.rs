//! A stand-in for whoever receives webhooks: takes everything, and remembers every body of every id.

use crate::failure::Failure;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpListener;

/// Bodies by the id they came with.
pub(crate) type Bodies = BTreeMap<String, BTreeSet<Vec<u8>>>;

/// Receives webhooks until the run ends.
pub(crate) struct Receiver {
    address: SocketAddr,
    bodies: Arc<Mutex<Bodies>>,
}

impl Receiver {
    pub(crate) async fn start() -> Result<Self, Failure> {
        let failed = || Failure::place("a port for webhooks");
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(failed())?;
        let address = listener.local_addr().map_err(failed())?;
        let bodies = Arc::new(Mutex::new(Bodies::new()));
        let router = Router::new()
            .route("/{channel}", post(receive))
            .with_state(Arc::clone(&bodies));
        tokio::spawn(async { axum::serve(listener, router).await });
        Ok(Self { address, bodies })
    }

    pub(crate) fn url(&self, channel: &str) -> String {
        format!("http://{}/{channel}", self.address)
    }

    pub(crate) fn bodies(&self) -> Bodies {
        self.bodies.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn receive(State(bodies): State<Arc<Mutex<Bodies>>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let id = headers
        .get("webhook-id")
        .and_then(|id| id.to_str().ok())
        .unwrap_or_default();
    let mut bodies = bodies.lock().unwrap_or_else(PoisonError::into_inner);
    bodies.entry(id.to_owned()).or_default().insert(body.to_vec());
    StatusCode::NO_CONTENT
}
