//! A connection that becomes something else than HTTP keeps its place, lives beyond the limits of a request, and ends
//! with the server.

use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::routing::get;
use hyper_util::rt::TokioIo;
use listen::Limits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::server::{PATIENCE, Server, limits, rest};

/// Becomes a connection that gives back what it gets.
async fn echo(request: Request) -> impl axum::response::IntoResponse {
    tokio::spawn(async move {
        let upgraded = hyper::upgrade::on(request).await.unwrap();
        let (mut reader, mut writer) = tokio::io::split(TokioIo::new(upgraded));
        let _ = tokio::io::copy(&mut reader, &mut writer).await;
    });
    (
        StatusCode::SWITCHING_PROTOCOLS,
        [(header::CONNECTION, "upgrade"), (header::UPGRADE, "echo")],
    )
}

#[tokio::test]
async fn it_lives_beyond_the_limits_of_a_request_and_ends_with_the_server() {
    let short = Duration::from_millis(200);
    let limits = Limits {
        header: short,
        request: short,
        send: short,
        ..limits()
    };
    let mut server = Server::with(limits, None, Router::new().route("/", get(echo)));
    let mut stream = server
        .sent(b"GET / HTTP/1.1\r\nHost: l\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
        .await;
    let mut head = [0; 12];
    stream.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 101");
    tokio::time::sleep(4 * short).await;
    stream.write_all(b"~still here").await.unwrap();
    let echoed = async {
        let mut seen = String::new();
        while !seen.ends_with("~still here") {
            seen.push(stream.read_u8().await.unwrap().into());
        }
    };
    tokio::time::timeout(PATIENCE, echoed).await.unwrap();
    assert_eq!(server.figures.open(), 1);
    server.stop();
    rest(&mut stream).await;
    server.ended().await;
}
