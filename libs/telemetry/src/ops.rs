//! `/healthz`, `/readyz` and `/metrics` of any process.

use std::future::Future;
use std::net::SocketAddr;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Json};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::{ComponentState, Health, Metrics};

/// The content type of the `OpenMetrics` text format.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[derive(Clone)]
struct Ops {
    health: Health,
    metrics: Metrics,
}

/// The routes, to be served alone or beside others. `/healthz` is 503 when a part failed, `/readyz` unless all are ready.
pub fn ops_router(health: Health, metrics: Metrics) -> Router {
    Router::new()
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .route("/metrics", get(show_metrics))
        .with_state(Ops { health, metrics })
}

/// Serves the routes on `listen` until `stop` is done; gives the address, for port 0.
pub async fn serve_ops(
    listen: SocketAddr,
    health: Health,
    metrics: Metrics,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<(SocketAddr, JoinHandle<std::io::Result<()>>)> {
    let listener = TcpListener::bind(listen).await?;
    let address = listener.local_addr()?;
    let router = ops_router(health, metrics);
    let served =
        tokio::spawn(async move { axum::serve(listener, router).with_graceful_shutdown(stop).await });
    Ok((address, served))
}

async fn healthz(State(ops): State<Ops>) -> impl IntoResponse {
    let report = ops.health.report();
    (status(report.status != ComponentState::Failed), Json(report))
}

async fn readyz(State(ops): State<Ops>) -> impl IntoResponse {
    let report = ops.health.report();
    (status(report.status == ComponentState::Ready), Json(report))
}

async fn show_metrics(State(ops): State<Ops>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, OPEN_METRICS)], ops.metrics.text())
}

fn status(fine: bool) -> StatusCode {
    if fine {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    }
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use tower::ServiceExt;

    use super::*;

    async fn get(router: &Router, path: &str) -> (StatusCode, String) {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn health_readiness_and_metrics_are_told() {
        let (health, metrics) = (Health::default(), Metrics::new());
        let kafka = health.component("kafka");
        let router = ops_router(health, metrics.clone());
        assert_eq!(get(&router, "/healthz").await.0, StatusCode::OK);
        let (status, body) = get(&router, "/readyz").await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["components"]["kafka"]["state"], "waiting");
        kafka.ready("");
        assert_eq!(get(&router, "/readyz").await.0, StatusCode::OK);
        kafka.failed("no broker at 127.0.0.1:1");
        assert_eq!(get(&router, "/healthz").await.0, StatusCode::SERVICE_UNAVAILABLE);
        metrics.read("scorer", 3);
        assert!(
            get(&router, "/metrics")
                .await
                .1
                .contains("sluicebox_records_read_total{service=\"scorer\"} 3")
        );
    }

    #[tokio::test]
    async fn it_serves_on_a_free_port_and_stops_when_told() {
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let until = async { drop(stopped.await) };
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let (address, served) = serve_ops(listen, Health::default(), Metrics::new(), until)
            .await
            .unwrap();
        assert_ne!(address.port(), 0);
        drop(stop);
        served.await.unwrap().unwrap();
    }
}
