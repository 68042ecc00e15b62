//! Accepting, and stopping so that what is under way is finished.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use crate::answers::Answers;
use crate::connection::{self, Shared};
use crate::crowd::{Crowd, Place};
use crate::figures::{Closed, Figures};
use crate::io::Io;
use crate::limits::Limits;
use crate::tls::Tls;
use std::sync::Arc;

/// Connections that the system keeps for us until they are accepted; it may have a lower limit of its own.
const BACKLOG: u32 = 4096;
/// Between two looks at who takes too long, who waits for a place, and whether all have gone.
const LOOK: Duration = Duration::from_millis(50);
/// How long a connection may wait for a place, and how many may.
const WAIT: Duration = Duration::from_millis(500);
const WAITING: usize = 64;
/// After a failure to accept, which is not over at once.
const PAUSE: Duration = Duration::from_millis(20);
const NO_PLACE: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

/// How a listener ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drained {
    /// Everything that was under way was finished.
    All,
    /// This many connections were cut off at the end of [`Limits::drain`].
    CutOff(usize),
}

/// A socket that listens, with its limits.
pub struct Listener {
    socket: TcpListener,
    limits: Limits,
    tls: Option<Tls>,
    figures: Figures,
}

impl Listener {
    /// Listens on this address. An error means that the address cannot be had.
    pub fn bind(address: SocketAddr, limits: Limits) -> io::Result<Self> {
        let socket = if address.is_ipv4() {
            TcpSocket::new_v4()?
        } else {
            TcpSocket::new_v6()?
        };
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        Ok(Self {
            socket: socket.listen(BACKLOG)?,
            limits,
            tls: None,
            figures: Figures::default(),
        })
    }

    /// With TLS.
    #[must_use]
    pub fn with_tls(mut self, tls: Option<Tls>) -> Self {
        self.tls = tls;
        self
    }

    /// Where it listens; a port that was given as 0 is known here.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Its figures, to be shown while it runs.
    pub fn figures(&self) -> Figures {
        self.figures.clone()
    }

    /// Serves until `stop` is done; then takes no new connection, finishes the requests under way, and returns within
    /// [`Limits::drain`].
    pub async fn serve(self, answers: impl Answers, stop: impl Future<Output = ()>) -> Drained {
        let (stopping, stopping_seen) = watch::channel(false);
        let doorway = Doorway {
            crowd: Crowd::new(self.limits, self.figures.clone()),
            figures: self.figures,
            waiting: VecDeque::new(),
            shared: Shared {
                answers,
                tls: self.tls,
                request: self.limits.request,
                stopping: stopping_seen,
            },
        };
        let crowd = doorway.accept_until(self.socket, stop).await;
        stopping.send_replace(true);
        drain(&crowd, self.limits.drain).await
    }
}

/// Waits until all connections have ended, at most so long.
async fn drain(crowd: &Crowd, patience: Duration) -> Drained {
    let deadline = Instant::now() + patience;
    let mut look = interval(LOOK);
    while crowd.len() > 0 {
        if Instant::now() >= deadline {
            let left = crowd.len();
            crowd.end_all();
            tracing::warn!(
                connections = left,
                "requests were still under way at the end of the stop; their clients send them again"
            );
            return Drained::CutOff(left);
        }
        crowd.sweep(true);
        look.tick().await;
    }
    Drained::All
}

/// Where connections come in, and a few wait for a place.
struct Doorway<A> {
    crowd: Arc<Crowd>,
    figures: Figures,
    waiting: VecDeque<(TcpStream, SocketAddr, Instant)>,
    shared: Shared<A>,
}

impl<A: Answers> Doorway<A> {
    async fn accept_until(mut self, socket: TcpListener, stop: impl Future<Output = ()>) -> Arc<Crowd> {
        let mut stop = std::pin::pin!(stop);
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = &mut stop => break,
                _ = look.tick() => {
                    self.crowd.sweep(false);
                    self.seat_waiting();
                }
                () = self.crowd.freed.notified(), if !self.waiting.is_empty() => self.seat_waiting(),
                accepted = socket.accept() => match accepted {
                    Ok((stream, peer)) => self.enter(stream, peer),
                    Err(error) => self.recover(&error).await,
                },
            }
        }
        self.crowd
    }

    fn enter(&mut self, stream: TcpStream, peer: SocketAddr) {
        if let Some(place) = self.crowd.admit(peer.ip()) {
            return self.start(stream, peer, place);
        }
        if self.waiting.len() == WAITING
            && let Some((stream, ..)) = self.waiting.pop_front()
        {
            self.refuse(&stream);
        }
        self.waiting.push_back((stream, peer, Instant::now() + WAIT));
    }

    fn seat_waiting(&mut self) {
        let now = Instant::now();
        for (stream, peer, deadline) in std::mem::take(&mut self.waiting) {
            match self.crowd.admit(peer.ip()) {
                Some(place) => self.start(stream, peer, place),
                None if now >= deadline => self.refuse(&stream),
                None => self.waiting.push_back((stream, peer, deadline)),
            }
        }
    }

    fn start(&self, stream: TcpStream, peer: SocketAddr, place: Place) {
        // Answers are written at once; waiting for more of them only delays.
        let _ = stream.set_nodelay(true);
        let link = Arc::clone(&place.link);
        tokio::spawn(connection::serve(
            Io::new(stream, place),
            link,
            peer,
            self.shared.clone(),
        ));
    }

    /// Says so if that costs nothing.
    fn refuse(&self, stream: &TcpStream) {
        if self.shared.tls.is_none() {
            let _ = stream.try_write(NO_PLACE);
        }
        self.figures.closed(Closed::Refused);
    }

    /// A connection that ended before it was accepted says nothing about the next. Everything else, such as no
    /// descriptors being left, takes a while: one connection ends so that others can come.
    async fn recover(&self, error: &io::Error) {
        use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
        if matches!(
            error.kind(),
            ConnectionAborted | ConnectionRefused | ConnectionReset
        ) {
            return;
        }
        let shed = self.crowd.shed_one();
        tracing::warn!(%error, shed, "a connection cannot be accepted");
        sleep(PAUSE).await;
    }
}
