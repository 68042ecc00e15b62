//! Each step of a connection has its limit, and the peer is known.

use std::time::Duration;

use listen::{Closed, Limits};

use crate::server::{Server, ask, limits, rest};

const SHORT: Duration = Duration::from_millis(200);

#[tokio::test]
async fn a_head_that_does_not_come_ends_the_connection() {
    let server = Server::start(Limits {
        header: SHORT,
        ..limits()
    });
    let mut stream = server.sent(b"GET / HTTP/1.1\r\n").await;
    assert_eq!(rest(&mut stream).await, "");
    assert_eq!(server.figures.count(Closed::HeaderTimeout), 1);
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_told_so() {
    let server = Server::start(Limits {
        request: SHORT,
        ..limits()
    });
    for request in [
        &b"POST /post HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 9\r\n\r\n{"[..],
        b"GET /never HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    ] {
        let answer = rest(&mut server.sent(request).await).await;
        assert!(
            answer.starts_with("HTTP/1.1 503") && answer.contains("request_timeout"),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn an_answer_that_is_not_read_and_a_long_rest_end_the_connection() {
    let server = Server::start(Limits {
        send: SHORT,
        idle: SHORT,
        ..limits()
    });
    let unread = server
        .sent(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await;
    let mut resting = server
        .sent(b"GET /peer HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await;
    assert!(rest(&mut resting).await.starts_with("HTTP/1.1 200"));
    assert_eq!(server.figures.count(Closed::IdleTimeout), 1);
    let ended = async {
        while server.figures.count(Closed::SendTimeout) == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(crate::server::PATIENCE, ended)
        .await
        .unwrap();
    drop(unread);
}

#[tokio::test]
async fn a_head_that_is_too_long_is_refused() {
    let server = Server::start(limits());
    let answer = ask(server.address, &format!("GET /{}", "x".repeat(100_000))).await;
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    let many = "X-A: b\r\n".repeat(20_000);
    let request = format!("GET /peer HTTP/1.1\r\n{many}");
    let answer = rest(&mut server.sent(request.as_bytes()).await).await;
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 431"),
        "{answer}"
    );
}

#[tokio::test]
async fn handlers_know_the_peer() {
    let server = Server::start(limits());
    let answer = ask(server.address, "GET /peer").await;
    assert!(answer.contains("\r\n\r\n127.0.0.1:"), "{answer}");
}
