//! A stand-in for whoever receives webhooks: takes everything, and remembers every body of every id.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

/// Bodies by the id they came with.
pub(crate) type Bodies = BTreeMap<String, BTreeSet<Vec<u8>>>;

/// Receives webhooks until the test ends.
pub(crate) struct Receiver {
    address: SocketAddr,
    bodies: Arc<Mutex<Bodies>>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let bodies = Arc::new(Mutex::new(Bodies::new()));
        let router = Router::new()
            .route("/{channel}", post(receive))
            .with_state(Arc::clone(&bodies));
        tokio::spawn(async { axum::serve(listener, router).await });
        Self { address, bodies }
    }

    pub(crate) fn url(&self, channel: &str) -> String {
        format!("http://{}/{channel}", self.address)
    }

    pub(crate) fn bodies(&self) -> Bodies {
        self.bodies.lock().expect("no holder panics").clone()
    }
}

async fn receive(State(bodies): State<Arc<Mutex<Bodies>>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let id = headers["webhook-id"].to_str().expect("ids are ASCII").to_owned();
    bodies
        .lock()
        .expect("no holder panics")
        .entry(id)
        .or_default()
        .insert(body.to_vec());
    StatusCode::NO_CONTENT
}
