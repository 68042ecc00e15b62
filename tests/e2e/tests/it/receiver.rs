//! A stand-in for whoever receives webhooks: answers as it is told, and remembers what it took.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::net::TcpListener;

/// Bodies by the id they came with.
pub(crate) type Bodies = BTreeMap<String, BTreeSet<Vec<u8>>>;

/// Receives webhooks until the test ends.
pub(crate) struct Receiver {
    address: SocketAddr,
    desk: Arc<Mutex<Desk>>,
}

struct Desk {
    answer: StatusCode,
    bodies: Bodies,
    /// How often each id was taken.
    taken: BTreeMap<String, u32>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let desk = Arc::new(Mutex::new(Desk {
            answer: StatusCode::NO_CONTENT,
            bodies: Bodies::new(),
            taken: BTreeMap::new(),
        }));
        let router = Router::new()
            .route("/{channel}", post(receive))
            .with_state(Arc::clone(&desk));
        tokio::spawn(async { axum::serve(listener, router).await });
        Self { address, desk }
    }

    pub(crate) fn url(&self, channel: &str) -> String {
        format!("http://{}/{channel}", self.address)
    }

    /// Answers so from now on; only what is answered with a success is taken.
    pub(crate) fn answer(&self, status: StatusCode) {
        self.desk().answer = status;
    }

    pub(crate) fn bodies(&self) -> Bodies {
        self.desk().bodies.clone()
    }

    /// How often each id was taken.
    pub(crate) fn taken(&self) -> BTreeMap<String, u32> {
        self.desk().taken.clone()
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().expect("no holder panics")
    }
}

async fn receive(State(desk): State<Arc<Mutex<Desk>>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let id = headers["webhook-id"].to_str().expect("ids are ASCII").to_owned();
    let mut desk = desk.lock().expect("no holder panics");
    if desk.answer.is_success() {
        *desk.taken.entry(id.clone()).or_default() += 1;
        desk.bodies.entry(id).or_default().insert(body.to_vec());
    }
    desk.answer
}
