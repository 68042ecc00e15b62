//! The proxy as a test sees it.

use crate::connection::serve;
use crate::hold::{Hold, HoldError, hold};
use crate::request::ApiKey;
use crate::rules::{Closing, Rules};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

/// What goes through a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaks {
    /// Kafka's protocol in plain text: requests are counted and can be held.
    Kafka,
    /// Any bytes.
    Anything,
}

/// A proxy that works until it is dropped.
pub struct Proxy {
    address: SocketAddr,
    upstream: SocketAddr,
    speaks: Speaks,
    rules: Arc<Rules>,
    listening: Mutex<Option<Listening>>,
    runtime: Option<Runtime>,
}

/// The open port.
struct Listening {
    task: JoinHandle<()>,
    closed: mpsc::Receiver<()>,
}

/// The socket first, so that whoever waits for `_open` to go finds the port closed.
struct Port {
    socket: tokio::net::TcpListener,
    _open: mpsc::Sender<()>,
}

impl Proxy {
    /// Listens on `address` (port 0: any free one) for `upstream`, which need not be up.
    pub fn start(address: SocketAddr, upstream: SocketAddr, speaks: Speaks) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("proxy")
            .enable_all()
            .build()?;
        let socket = TcpListener::bind(address)?;
        let proxy = Self {
            address: socket.local_addr()?,
            upstream,
            speaks,
            rules: Arc::new(Rules::new()),
            listening: Mutex::default(),
            runtime: Some(runtime),
        };
        proxy.listen(socket)?;
        Ok(proxy)
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Closes every connection as a program that ends does, held ones included. New ones are taken.
    pub fn cut(&self) {
        self.rules.closing.send_replace(Closing::Fin);
    }

    /// Closes every connection with a TCP reset. New ones are taken.
    pub fn reset(&self) {
        self.rules.closing.send_replace(Closing::Reset);
    }

    /// Closes the port: new connections are refused from now on. Those that are open stay.
    pub fn refuse(&self) {
        let listening = self.listening.lock().ok().and_then(|mut open| open.take());
        if let Some(Listening { task, closed }) = listening {
            task.abort();
            // Ends with an error once the port is closed; nothing is ever sent.
            let _ = closed.recv();
        }
    }

    /// Opens the port again.
    pub fn accept(&self) -> io::Result<()> {
        self.refuse();
        self.listen(TcpListener::bind(self.address)?)
    }

    /// Passes each piece on this much later, one after the other; zero ends it.
    pub fn delay(&self, delay: Duration) {
        self.rules.flow.send_modify(|flow| flow.delay = delay);
    }

    /// Lets nothing through, and closes nothing.
    pub fn pause(&self) {
        self.rules.flow.send_modify(|flow| flow.paused = true);
    }

    /// Lets everything through again, first of all what has waited.
    pub fn resume(&self) {
        self.rules.flow.send_modify(|flow| flow.paused = false);
    }

    /// Holds the next request of this kind, and its connection with it, both ways. Other connections go on.
    pub fn hold_next(&self, key: ApiKey) -> Hold {
        let (test, held) = hold(key);
        self.rules.hold(held);
        test
    }

    /// How many requests of this kind came through or were held.
    pub fn count(&self, key: ApiKey) -> u64 {
        self.rules.count(key)
    }

    /// Waits until so many requests of this kind have come.
    pub fn wait_for(&self, key: ApiKey, count: u64, patience: Duration) -> Result<(), HoldError> {
        if self.rules.wait_for(key, count, patience) {
            Ok(())
        } else {
            Err(HoldError::NoRequest { key, patience })
        }
    }

    fn listen(&self, socket: TcpListener) -> io::Result<()> {
        let Some(runtime) = &self.runtime else {
            return Ok(());
        };
        socket.set_nonblocking(true)?;
        let _inside = runtime.enter();
        let (open, closed) = mpsc::channel();
        let port = Port {
            socket: tokio::net::TcpListener::from_std(socket)?,
            _open: open,
        };
        let (upstream, speaks, rules) = (self.upstream, self.speaks, Arc::clone(&self.rules));
        let task = runtime.spawn(take(port, upstream, speaks, rules));
        if let Ok(mut listening) = self.listening.lock() {
            *listening = Some(Listening { task, closed });
        }
        Ok(())
    }
}

async fn take(port: Port, upstream: SocketAddr, speaks: Speaks, rules: Arc<Rules>) {
    // An error of `accept` is one of the client that is gone already.
    loop {
        let Ok((client, _)) = port.socket.accept().await else {
            continue;
        };
        let rules = Arc::clone(&rules);
        tokio::spawn(async move {
            // An upstream that is down ends the client's connection too, as the real one would.
            if let Ok(upstream) = TcpStream::connect(upstream).await {
                serve(client, upstream, speaks, &rules).await;
            }
        });
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // A test may drop it inside a runtime, where waiting for the thread is not allowed.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
