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
    /// Starts it on topics of its own, and waits until it listens.
    pub(super) fn start(which: Which) -> Result<Self> {
        let environment = environment()?;
        let mut apply = program("sluicebox");
        apply
            .args(["topics", "apply"])
            .envs(environment.clone())
            .stdout(Stdio::null());
        let made = apply.status().context("topics apply")?;
        ensure!(made.success(), "the topics cannot be made");
        let address = free()?;
        let mut command = match which {
            Which::Edge => edge(address)?,
            Which::Floor => floor(address, &environment),
        };
        let child = command
            .envs(environment)
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

fn edge(address: SocketAddr) -> Result<Command> {
    let mut command = program("sluicebox");
    command
        .args(["run", "adapters"])
        .env("SLUICEBOX__ADAPTERS__LISTEN", address.to_string())
        .env("SLUICEBOX__OPS__LISTEN", free()?.to_string())
        .env("SLUICEBOX__ADAPTERS__AUTH", "none");
    Ok(command)
}

fn floor(address: SocketAddr, environment: &[(String, String)]) -> Command {
    let prefix = environment
        .iter()
        .find(|(name, _)| name == "SLUICEBOX__TOPIC_PREFIX");
    let prefix = prefix.map_or("", |(_, prefix)| prefix);
    let mut command = program("sluicebox-bench");
    let (listen, topic) = (address.to_string(), format!("{prefix}ingest.events"));
    command.args(["edge-floor", "--listen", &listen, "--topic", &topic]);
    command
}

/// Variables for the processes: topics of their own.
fn environment() -> Result<Vec<(String, String)>> {
    let mut environment = parts::environment()?;
    let millis = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
    environment.push((
        "SLUICEBOX__TOPIC_PREFIX".to_owned(),
        format!("bench.edge.{millis}."),
    ));
    environment.push(("SLUICEBOX__TELEMETRY__LOG_LEVEL".to_owned(), "warn".to_owned()));
    Ok(environment)
}

/// A program beside this one.
fn program(name: &str) -> Command {
    let beside = std::env::current_exe()
        .ok()
        .and_then(|path| Some(path.parent()?.join(name)));
    Command::new(beside.unwrap_or_else(|| PathBuf::from(name)))
}

fn free() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}
