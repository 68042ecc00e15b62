//! Connections that are opened and never used well: half a head, half a body, an answer that nobody reads.

use super::{Afternoon, from};
use crate::place::Place;
use crate::strikes::Kind;
use std::io::Result;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;

/// Of each kind, on each listener.
const HALF_HEADS: usize = 1_000;
const HALF_BODIES: usize = 500;
const DEAF: usize = 100;
/// Before a connection that was closed is opened again.
const AGAIN: Duration = Duration::from_secs(1);

/// What is sent, and then nothing more.
#[derive(Clone, Copy)]
enum Half {
    Head,
    Body,
    /// Whole requests, whose answers are not read.
    Deaf,
}

pub(super) fn begin(address: SocketAddr, afternoon: &Afternoon, attacks: &mut JoinSet<()>) {
    let halves = std::iter::repeat_n(Half::Head, HALF_HEADS)
        .chain(std::iter::repeat_n(Half::Body, HALF_BODIES))
        .chain(std::iter::repeat_n(Half::Deaf, DEAF));
    for (number, half) in halves.enumerate() {
        attacks.spawn(hold_for_ever(address, from(number), half, afternoon.clone()));
    }
}

/// Opens the connection again whenever it is closed.
async fn hold_for_ever(address: SocketAddr, from: IpAddr, half: Half, mut afternoon: Afternoon) {
    let held = afternoon.clone();
    while !afternoon.is_over() {
        tokio::select! {
            _ = hold(address, from, half, &held) => {}
            () = afternoon.end() => return,
        }
        tokio::time::sleep(AGAIN).await;
    }
}

async fn hold(address: SocketAddr, from: IpAddr, half: Half, afternoon: &Afternoon) -> Result<()> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::new(from, 0))?;
    let mut stream = socket.connect(address).await?;
    stream.write_all(first_part(half).as_bytes()).await?;
    afternoon.struck(Kind::Connection);
    if matches!(half, Half::Deaf) {
        return std::future::pending().await;
    }
    until_closed(&mut stream).await
}

async fn until_closed(stream: &mut TcpStream) -> Result<()> {
    let mut read = [0; 512];
    while stream.read(&mut read).await? > 0 {}
    Ok(())
}

fn first_part(half: Half) -> String {
    let head = format!(
        "POST /v1/events HTTP/1.1\r\nhost: 127.0.0.1\r\nx-api-key: {}\r\n",
        Place::key()
    );
    match half {
        Half::Head => head,
        Half::Body => {
            format!("{head}content-type: application/json\r\ncontent-length: 100000\r\n\r\n{{\"text\":\"")
        }
        Half::Deaf => "GET /openapi.json HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n".repeat(50),
    }
}
