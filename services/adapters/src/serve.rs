//! Listening, and stopping so that what is in work is finished.

use std::future::{Future, IntoFuture};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// How long requests in work may take after the stop.
pub const GRACE: Duration = Duration::from_secs(8);

/// Serves until `stop` is done; then takes no new connection, finishes the requests in work, and returns within
/// [`GRACE`]. An error means that the socket failed.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let (told, stopping) = oneshot::channel::<()>();
    let server = axum::serve(
        listener,
        router.into_make_service_with_connect_info::<SocketAddr>(),
    )
    .with_graceful_shutdown(async move {
        stop.await;
        drop(told);
    });
    let deadline = async {
        let _ = stopping.await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        result = server.into_future() => result,
        () = deadline => {
            tracing::warn!("requests were still in work at the end of the grace period; their clients send them again");
            Ok(())
        }
    }
}
