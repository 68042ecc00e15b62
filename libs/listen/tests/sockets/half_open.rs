//! Thousands of connections that never finish leave the next one its place, whatever they are in the middle of.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use listen::{Closed, Limits, raise};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use crate::server::{PATIENCE, Server, ask, limits, rest};

const CONNECTIONS: usize = 2_000;
const SOON: Duration = Duration::from_secs(1);

/// Opens many connections that all stop after these bytes.
async fn many(server: &Server, bytes: &[u8]) -> Vec<TcpStream> {
    let descriptors = raise().0;
    assert!(
        descriptors > CONNECTIONS + 500,
        "the test needs more than {descriptors} descriptors"
    );
    let mut held = Vec::with_capacity(CONNECTIONS);
    for _ in 0..CONNECTIONS {
        held.push(server.sent(bytes).await);
    }
    held
}

/// Posts come through, each within a second.
async fn posts_come_through(server: &Server) {
    for _ in 0..5 {
        let began = Instant::now();
        let answer = timeout(PATIENCE, ask(server.address, "POST /post"))
            .await
            .unwrap();
        assert!(
            answer.starts_with("HTTP/1.1 202"),
            "{answer:?} {:?}",
            server.figures
        );
        assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    }
}

#[tokio::test]
async fn connections_that_say_nothing() {
    let server = Server::start(limits());
    let held = many(&server, b"").await;
    posts_come_through(&server).await;
    assert!(
        server.figures.count(Closed::ShedOpening) > 1_000,
        "{:?}",
        server.figures
    );
    drop(held);
}

#[tokio::test]
async fn heads_that_never_end() {
    let server = Server::start(limits());
    let held = many(&server, b"POST /post HTTP/1.1\r\nHost: localhost\r\nX-A: ").await;
    posts_come_through(&server).await;
    drop(held);
}

#[tokio::test]
async fn bodies_that_never_end() {
    let server = Server::start(limits());
    let held = many(
        &server,
        b"POST /post HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n{",
    )
    .await;
    posts_come_through(&server).await;
    assert!(server.figures.count(Closed::ShedBody) > 0, "{:?}", server.figures);
    drop(held);
}

#[tokio::test]
async fn answers_that_nobody_reads() {
    let server = Server::start(limits());
    let held = many(&server, b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    // They hold their places for a second; a newcomer waits half of one, and comes again.
    sleep(SOON).await;
    posts_come_through(&server).await;
    drop(held);
}

#[tokio::test]
async fn connections_that_rest() {
    let server = Server::start(limits());
    let held = many(&server, b"GET /peer HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    posts_come_through(&server).await;
    drop(held);
}

#[tokio::test]
async fn second_requests_that_never_end() {
    let server = Server::start(limits());
    let held = many(
        &server,
        b"GET /peer HTTP/1.1\r\nHost: localhost\r\n\r\nPOST /post HTTP/1.1\r\n",
    )
    .await;
    posts_come_through(&server).await;
    drop(held);
}

#[tokio::test]
async fn bodies_that_drip() {
    let server = Server::start(limits());
    let mut dripping = Vec::new();
    for _ in 0..200 {
        let mut stream = server
            .sent(b"POST /post HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n")
            .await;
        dripping.push(tokio::spawn(async move {
            while stream.write_all(b" ").await.is_ok() {
                sleep(Duration::from_millis(20)).await;
            }
        }));
    }
    posts_come_through(&server).await;
    dripping.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test]
async fn a_slow_but_steady_body_is_not_the_one_that_leaves() {
    let server = Server::start(limits());
    let mut steady = server
        .sent(b"POST /post HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 40960\r\n\r\n")
        .await;
    let silent = b"POST /post HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n{";
    let mut held = Vec::new();
    for _ in 0..40 {
        steady.write_all(&[b' '; 1024]).await.unwrap();
        for _ in 0..10 {
            held.push(server.sent(silent).await);
        }
        sleep(Duration::from_millis(20)).await;
    }
    assert!(server.figures.count(Closed::ShedBody) > 0, "{:?}", server.figures);
    assert!(rest(&mut steady).await.starts_with("HTTP/1.1 202"));
}

#[tokio::test]
async fn who_finds_no_place_is_told_when_to_come_again() {
    let begun = Arc::new(Notify::new());
    let told = Arc::clone(&begun);
    let handler = move || {
        told.notify_one();
        std::future::pending::<()>()
    };
    let one_place = Limits {
        connections: 1,
        connections_by_address: 1,
        ..limits()
    };
    let server = Server::with(one_place, None, Router::new().route("/", get(handler)));
    let working = server.sent(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    timeout(PATIENCE, begun.notified()).await.unwrap();
    let answer = rest(&mut server.sent(b"").await).await;
    assert!(
        answer.starts_with("HTTP/1.1 503") && answer.contains("Retry-After: 1"),
        "{answer}"
    );
    drop(working);
}
