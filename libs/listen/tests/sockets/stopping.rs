//! The stop: nothing new, what is under way is finished, what never ends is cut off.

use std::time::Duration;

use axum::Router;
use axum::routing::get;
use listen::Drained;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio::sync::Notify;

use crate::server::{PATIENCE, Server, limits, rest};

#[tokio::test]
async fn a_request_under_way_is_finished_and_no_other_is_taken() {
    let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (told, waits) = (Arc::clone(&begun), Arc::clone(&go_on));
    let handler = move || {
        let (told, waits) = (Arc::clone(&told), Arc::clone(&waits));
        async move {
            told.notify_one();
            waits.notified().await;
            "done"
        }
    };
    let mut server = Server::with(limits(), None, Router::new().route("/", get(handler)));
    let mut stream = server.sent(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    tokio::time::timeout(PATIENCE, begun.notified()).await.unwrap();
    server.stop();
    let closed = async { while TcpStream::connect(server.address).await.is_ok() {} };
    tokio::time::timeout(PATIENCE, closed).await.unwrap();
    go_on.notify_one();
    let answer = rest(&mut stream).await;
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.ends_with("done"),
        "{answer}"
    );
    assert_eq!(server.ended().await, Drained::All);
}

#[tokio::test]
async fn what_never_ends_is_cut_off() {
    let begun = Arc::new(Notify::new());
    let told = Arc::clone(&begun);
    let handler = move || {
        told.notify_one();
        std::future::pending::<()>()
    };
    let mut server = Server::with(limits(), None, Router::new().route("/", get(handler)));
    let mut stream = server.sent(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    tokio::time::timeout(PATIENCE, begun.notified()).await.unwrap();
    server.stop();
    assert_eq!(server.ended().await, Drained::CutOff(1));
    assert_eq!(rest(&mut stream).await, "");
}

#[tokio::test]
async fn half_a_head_does_not_hold_up_the_stop() {
    let mut server = Server::start(listen::Limits {
        drain: Duration::from_mins(1),
        ..limits()
    });
    let resting = server
        .sent(b"GET /peer HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await;
    let half = server.sent(b"GET /peer HTTP/1.1\r\n").await;
    let open = async {
        while server.figures.open() < 2 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, open).await.unwrap();
    server.stop();
    assert_eq!(server.ended().await, Drained::All);
    drop((resting, half));
}
