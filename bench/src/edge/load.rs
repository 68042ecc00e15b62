//! A client with a number of connections, that keeps them busy (on each the next request is sent when the last was
//! answered) or sends at a rate, whatever the answers take.

use anyhow::{Context, Result};
use std::fmt::Write;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// What is sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load {
    /// Events of a request; one is sent as a single event, more as a batch.
    pub(super) events: usize,
    pub(super) connections: usize,
    /// Requests a second over all connections; none is as many as are answered.
    pub(super) rate: Option<u32>,
}

impl std::fmt::Display for Load {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} events, {} connections", self.events, self.connections)?;
        self.rate.map_or(Ok(()), |rate| write!(f, ", {rate} a second"))
    }
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// How long each answer took that took everything, in milliseconds; at a rate, from when the request was due, if its
    /// connection was still busy then.
    pub(super) millis: Vec<f64>,
    /// Requests that were answered with anything but 202.
    pub(super) refused: u64,
}

/// Each event has an id of its own, over all runs of this process.
static NEXT: AtomicU64 = AtomicU64::new(0);

impl Load {
    /// Sends for this long.
    pub(super) async fn run(&self, server: SocketAddr, time: Duration) -> Result<Seen> {
        let until = Instant::now() + time;
        let mut connections = JoinSet::new();
        for number in 0..self.connections {
            connections.spawn(keep_busy(*self, server, self.pace(number), until));
        }
        let mut all = Seen::default();
        while let Some(seen) = connections.join_next().await {
            let seen = seen??;
            all.millis.extend(seen.millis);
            all.refused += seen.refused;
        }
        Ok(all)
    }

    /// When the connection of this number sends.
    fn pace(&self, number: usize) -> Pace {
        let each = self
            .rate
            .map(|rate| Duration::from_secs(1).mul_f64(self.connections as f64 / f64::from(rate)));
        let first = each
            .unwrap_or_default()
            .mul_f64(number as f64 / self.connections as f64);
        Pace {
            due: Instant::now() + first,
            each,
        }
    }

    /// A whole request.
    fn request(&self) -> Result<Vec<u8>> {
        let mut body = String::with_capacity(self.events * 200);
        let kind = if self.events == 1 {
            event(&mut body)?;
            "application/cloudevents+json"
        } else {
            for number in 0..self.events {
                body.push(if number == 0 { '[' } else { ',' });
                event(&mut body)?;
            }
            body.push(']');
            "application/cloudevents-batch+json"
        };
        let length = body.len();
        Ok(format!(
            "POST /v1/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .into_bytes())
    }
}

fn event(into: &mut String) -> Result<()> {
    let id = NEXT.fetch_add(1, Ordering::Relaxed);
    let user = id % 10_000;
    write!(
        into,
        "{{\"specversion\":\"1.0\",\"id\":\"{}-{id}\",\"source\":\"bench\",\"type\":\"user.login\",\
         \"subject\":\"user:{user}\",\"data\":{{\"ip\":\"198.51.100.7\",\"device\":\"laptop\",\"ok\":true}}}}",
        std::process::id()
    )?;
    Ok(())
}

/// When the requests of a connection are due.
struct Pace {
    due: Instant,
    /// From one to the next; none if the next is due at once.
    each: Option<Duration>,
}

impl Pace {
    /// Waits until the next request is due; from then on its answer is waited for.
    async fn next(&mut self) -> Instant {
        let Some(each) = self.each else {
            return Instant::now();
        };
        let due = self.due;
        self.due += each;
        if due <= Instant::now() {
            return due;
        }
        tokio::time::sleep_until(due.into()).await;
        // What the client's own timer is late is not the server's.
        Instant::now()
    }
}

async fn keep_busy(load: Load, server: SocketAddr, mut pace: Pace, until: Instant) -> Result<Seen> {
    let mut stream = TcpStream::connect(server).await?;
    stream.set_nodelay(true)?;
    let (mut seen, mut answer) = (Seen::default(), Vec::with_capacity(64 * 1024));
    while Instant::now() < until {
        let request = load.request()?;
        let began = pace.next().await;
        stream.write_all(&request).await?;
        match status(&mut stream, &mut answer).await? {
            202 => seen.millis.push(began.elapsed().as_secs_f64() * 1e3),
            _ => seen.refused += 1,
        }
    }
    Ok(seen)
}

/// Reads a whole answer with a `Content-Length`; gives its status.
async fn status(stream: &mut TcpStream, answer: &mut Vec<u8>) -> Result<u16> {
    answer.clear();
    let head = loop {
        anyhow::ensure!(stream.read_buf(answer).await? > 0, "the connection was closed");
        if let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
    };
    let text = std::str::from_utf8(&answer[..head])?.to_ascii_lowercase();
    let length = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok())
        .unwrap_or_default();
    while answer.len() < head + length {
        anyhow::ensure!(stream.read_buf(answer).await? > 0, "the connection was closed");
    }
    text.split(' ')
        .nth(1)
        .context("no status")?
        .parse()
        .context("no status")
}
