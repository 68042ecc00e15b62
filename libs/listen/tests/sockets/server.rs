//! A listener with a small router, and clients that send bytes as they are written in a test.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::ConnectInfo;
use axum::http::StatusCode;
use axum::routing::{get, post};
use listen::{Descriptors, Drained, Figures, Limits, Listener, Role, Tls};
use settings::ListenerSettings;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// Every wait of these tests ends by then.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
/// Larger than what the system buffers of one connection.
const LARGE: usize = 16 << 20;

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) figures: Figures,
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<Drained>,
}

/// Limits for tests: nothing takes long, and there are few places.
pub(crate) fn limits() -> Limits {
    Limits {
        drain: Duration::from_secs(1),
        connections: 128,
        connections_by_address: 96,
        ..Limits::new(Role::Edge, &ListenerSettings::default(), Descriptors(1024))
    }
}

fn router() -> Router {
    Router::new()
        .route("/post", post(|_: Bytes| async { StatusCode::ACCEPTED }))
        .route(
            "/peer",
            get(|ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.to_string() }),
        )
        .route("/large", get(|| async { Body::from(vec![b'x'; LARGE]) }))
        .route("/never", get(std::future::pending::<()>))
}

impl Server {
    pub(crate) fn start(limits: Limits) -> Self {
        Self::with(limits, None, router())
    }

    pub(crate) fn with(limits: Limits, tls: Option<Tls>, router: Router) -> Self {
        let listener = Listener::bind("127.0.0.1:0".parse().unwrap(), limits)
            .unwrap()
            .with_tls(tls);
        let (address, figures) = (listener.local_addr().unwrap(), listener.figures());
        let (stop, stopped) = oneshot::channel::<()>();
        let served = tokio::spawn(async move {
            listener
                .serve(router, async {
                    let _ = stopped.await;
                })
                .await
        });
        Self {
            address,
            figures,
            stop: Some(stop),
            served,
        }
    }

    pub(crate) fn plain_router() -> Router {
        router()
    }

    /// A connection on which these bytes were sent.
    pub(crate) async fn sent(&self, bytes: &[u8]) -> TcpStream {
        let mut stream = timeout(PATIENCE, TcpStream::connect(self.address))
            .await
            .unwrap()
            .unwrap();
        // Who is shed meanwhile cannot write.
        let _ = stream.write_all(bytes).await;
        stream
    }

    /// Tells it to stop.
    pub(crate) fn stop(&mut self) {
        drop(self.stop.take());
    }

    pub(crate) async fn ended(self) -> Drained {
        timeout(PATIENCE, self.served).await.unwrap().unwrap()
    }
}

/// Everything that comes until the other side closes.
pub(crate) async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // A connection that is cut ends with an error or without one; what came before counts.
    let _ = timeout(PATIENCE, stream.read_to_end(&mut bytes))
        .await
        .expect("the connection ends");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A whole request; its answer.
pub(crate) async fn ask(address: SocketAddr, head: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request =
        format!("{head} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{{}}");
    let _ = stream.write_all(request.as_bytes()).await;
    rest(&mut stream).await
}
