//! Answering until told to stop, then finishing what was begun.

use crate::ApiError;
use axum::Router;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// How long requests that were begun may take after the stop.
const GRACE: Duration = Duration::from_secs(6);

/// Answers on this socket until `stop` is done; then takes no new connections and finishes the requests under way,
/// for at most six seconds.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ApiError> {
    let address = listener
        .local_addr()
        .map_or_else(|_| "its socket".to_owned(), |address| address.to_string());
    let (stopped, mut stopping) = watch::channel(false);
    let stop = async move {
        stop.await;
        stopped.send_replace(true);
    };
    let overdue = async move {
        // The sender only goes away with the server, which then is done.
        if stopping.wait_for(|stop| *stop).await.is_err() {
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(GRACE).await;
    };
    let serving = axum::serve(listener, router).with_graceful_shutdown(stop);
    tokio::select! {
        served = serving => served.map_err(|error| ApiError::Listen { address, why: error.to_string() }),
        () = overdue => {
            tracing::warn!("requests that were still under way are cut off");
            Ok(())
        }
    }
}
