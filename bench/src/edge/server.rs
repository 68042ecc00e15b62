//! One of the two servers, as a process of its own.

use crate::{parts, process};
use anyhow::{Context, Result, ensure};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const PATIENCE: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Which one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    Edge,
    Floor,
}

/// A server that runs; it ends when this is dropped.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    child: Child,
}

impl Server {
    /// Starts it, and waits until it listens.
    pub(super) fn start(which: Which, place: &Place) -> Result<Self> {
        let [address, ops] = free()?;
        let mut command = match which {
            Which::Edge => edge(address, ops),
            Which::Floor => floor(address, &place.prefix),
        };
        let child = command
            .envs(place.environment.clone())
            .stdout(Stdio::null())
            .spawn()
            .context("the server")?;
        let mut server = Self { address, child };
        server.wait()?;
        Ok(server)
    }

    fn wait(&mut self) -> Result<()> {
        let began = Instant::now();
        while TcpStream::connect(self.address).is_err() {
            ensure!(began.elapsed() < PATIENCE, "the server does not listen");
            ensure!(self.child.try_wait()?.is_none(), "the server ended");
            std::thread::sleep(LOOK_AGAIN);
        }
        Ok(())
    }

    /// CPU seconds so far.
    pub(super) fn cpu(&self) -> f64 {
        process::cpu_seconds(self.child.id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn edge(address: SocketAddr, ops: SocketAddr) -> Command {
    let mut command = program("sluicebox");
    command
        .args(["run", "adapters"])
        .env("SLUICEBOX__ADAPTERS__LISTEN", address.to_string())
        .env("SLUICEBOX__OPS__LISTEN", ops.to_string())
        .env("SLUICEBOX__ADAPTERS__AUTH", "none");
    command
}

fn floor(address: SocketAddr, prefix: &str) -> Command {
    let mut command = program("sluicebox-bench");
    let (listen, topic) = (address.to_string(), format!("{prefix}ingest.events"));
    command.args(["edge-floor", "--listen", &listen, "--topic", &topic]);
    command
}

/// Where both servers are measured: topics of this run, made once, because a broker remembers every one.
pub(super) struct Place {
    environment: Vec<(String, String)>,
    prefix: String,
}

impl Place {
    /// Makes the topics.
    pub(super) fn make() -> Result<Self> {
        let mut environment = parts::environment()?;
        let millis = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
        let prefix = format!("bench.edge.{millis}.");
        environment.push(("SLUICEBOX__TOPIC_PREFIX".to_owned(), prefix.clone()));
        environment.push(("SLUICEBOX__TELEMETRY__LOG_LEVEL".to_owned(), "warn".to_owned()));
        let mut apply = program("sluicebox");
        apply
            .args(["topics", "apply"])
            .envs(environment.clone())
            .stdout(Stdio::null());
        let made = apply.status().context("topics apply")?;
        ensure!(made.success(), "the topics cannot be made");
        Ok(Self { environment, prefix })
    }
}

/// A program beside this one.
fn program(name: &str) -> Command {
    let beside = std::env::current_exe()
        .ok()
        .and_then(|path| Some(path.parent()?.join(name)));
    Command::new(beside.unwrap_or_else(|| PathBuf::from(name)))
}

/// Two addresses that nobody listens on; bound together, so that they differ.
fn free() -> Result<[SocketAddr; 2]> {
    let bound = (
        TcpListener::bind("127.0.0.1:0")?,
        TcpListener::bind("127.0.0.1:0")?,
    );
    Ok([bound.0.local_addr()?, bound.1.local_addr()?])
}
