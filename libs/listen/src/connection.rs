//! One connection from its handshake to its end.

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use http::{Request, StatusCode, header};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::answers::Answers;
use crate::body::{Answered, Received};
use crate::io::Io;
use crate::link::Link;
use crate::standing::Phase;
use crate::tls::Tls;

/// What is buffered of one connection in each direction, at most; a longer head is answered with 431.
const BUFFER: usize = 64 * 1024;

/// What all connections of a listener share.
#[derive(Clone)]
pub(crate) struct Shared<A> {
    pub(crate) answers: A,
    pub(crate) tls: Option<Tls>,
    pub(crate) request: Duration,
    pub(crate) stopping: watch::Receiver<bool>,
}

/// Serves a connection until either side ends it. What a client does wrong is its own affair: it is not logged above
/// the level of debugging.
pub(crate) async fn serve<A: Answers>(
    socket: Io<TcpStream>,
    link: Arc<Link>,
    peer: SocketAddr,
    shared: Shared<A>,
) {
    let Some(tls) = shared.tls.clone() else {
        return http(socket, link, peer, shared).await;
    };
    match tls.acceptor().accept(socket).await {
        Ok(stream) => http(stream, link, peer, shared).await,
        Err(error) => tracing::debug!(%error, "no TLS handshake"),
    }
}

async fn http<S, A>(stream: S, link: Arc<Link>, peer: SocketAddr, shared: Shared<A>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    A: Answers,
{
    let (answers, limit) = (shared.answers, shared.request);
    let service = service_fn(move |request| answer(answers.clone(), request, Arc::clone(&link), peer, limit));
    let connection = http1::Builder::new()
        // The listener has the times, so that a look at all connections tells who has to go.
        .header_read_timeout(None)
        .max_buf_size(BUFFER)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    let mut stopping = shared.stopping;
    let stop = async move {
        let _ = stopping.wait_for(|stopping| *stopping).await;
    };
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}

async fn answer<A: Answers>(
    answers: A,
    request: Request<Incoming>,
    link: Arc<Link>,
    peer: SocketAddr,
    limit: Duration,
) -> Result<http::Response<Answered>, Infallible> {
    link.begin(!hyper::body::Body::is_end_stream(request.body()));
    let request = request.map(|body| Received::new(body, Arc::clone(&link)));
    let response = in_time(&link, answers.answer(request, peer)).await;
    let response = response.unwrap_or_else(|| too_slow(limit));
    link.enter(if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        Phase::Upgraded
    } else {
        Phase::Sending
    });
    Ok(response.map(|body| Answered::new(body, link)))
}

/// What comes of the work on a request, unless it is late before. The listener looks at the clock for all of them, which
/// costs less than a timer for each.
async fn in_time<T>(link: &Link, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    poll_fn(|cx| match work.as_mut().poll(cx) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending if link.is_late(cx) => Poll::Ready(None),
        Poll::Pending => Poll::Pending,
    })
    .await
}

fn too_slow(limit: Duration) -> Response {
    let detail = format!(
        "the request was not complete and answered within {} s (listeners.request_timeout); send it again",
        limit.as_secs()
    );
    let body = format!(
        "{{\"type\":\"urn:sluicebox:problem:request_timeout\",\"title\":\"Request took too long\",\"status\":503,\
         \"detail\":\"{detail}\"}}"
    );
    let headers = [
        (header::CONTENT_TYPE, "application/problem+json"),
        (header::RETRY_AFTER, "1"),
        (header::CONNECTION, "close"),
    ];
    (StatusCode::SERVICE_UNAVAILABLE, headers, body).into_response()
}
