//! The services as processes, and the servers beside them.

use super::report::Used;
use crate::{parts, process};
use anyhow::{Context, Result, bail, ensure};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Every service that an event passes; the HTTP edge and the API stand beside the stream.
const SERVICES: [&str; 8] = [
    "normalizer",
    "scorer",
    "dedup-aggregator",
    "story-merger",
    "detector",
    "enricher",
    "notifier",
    "sink",
];
/// Ports of health and metrics, one a service from here on.
const FIRST_PORT: u16 = 19_470;
const PATIENCE: Duration = Duration::from_mins(1);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Variables for every process of a run.
pub(super) type Environment = Vec<(String, String)>;

/// A topic prefix and a database of this run alone.
pub(super) fn environment(run: u32) -> Result<Environment> {
    psql("DROP DATABASE IF EXISTS sluicebox_bench WITH (FORCE)")?;
    psql("CREATE DATABASE sluicebox_bench")?;
    let mut environment = parts::environment()?;
    let postgres = environment
        .iter_mut()
        .find(|(name, _)| name == "SLUICEBOX__POSTGRES__URL");
    let (_, url) = postgres.context("`deploy/local/parts env` names no PostgreSQL")?;
    let (server, _) = url
        .rsplit_once('/')
        .context("the PostgreSQL address has no database")?;
    *url = format!("{server}/sluicebox_bench");
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    environment.push((
        "SLUICEBOX__TOPIC_PREFIX".to_owned(),
        format!("bench.{seconds}.{run}."),
    ));
    environment.push(("SLUICEBOX__TELEMETRY__LOG_LEVEL".to_owned(), "warn".to_owned()));
    Ok(environment)
}

/// What the database answers.
pub(super) fn psql(statement: &str) -> Result<String> {
    let mut command = Command::new("deploy/local/parts");
    command.args(["psql", "-At"]);
    for part in statement.split("; ") {
        command.args(["-c", part]);
    }
    let output = command.output().context("deploy/local/parts psql")?;
    if !output.status.success() {
        bail!("{statement}: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// The program, with this environment.
pub(super) fn sluicebox(environment: &Environment, arguments: &[&str]) -> Command {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    let mut command = Command::new(target.join("release/sluicebox"));
    command.args(arguments).envs(environment.iter().cloned());
    command
}

/// Services that run; they end when this does.
pub(super) struct Services(Vec<(&'static str, Child)>);

impl Services {
    /// Starts each and waits until all are ready.
    pub(super) fn start(environment: &Environment) -> Result<Self> {
        let mut services = Self(Vec::new());
        for (name, port) in SERVICES.into_iter().zip(FIRST_PORT..) {
            let mut command = sluicebox(environment, &["run", name]);
            command
                .env("SLUICEBOX__OPS__LISTEN", format!("127.0.0.1:{port}"))
                .stdout(Stdio::null());
            services
                .0
                .push((name, command.spawn().with_context(|| format!("run {name}"))?));
        }
        for (name, port) in SERVICES.into_iter().zip(FIRST_PORT..) {
            ready(port).with_context(|| format!("{name} did not become ready"))?;
        }
        Ok(services)
    }

    /// Waits for another program; a service that ends before it is an error.
    pub(super) fn outlast(&mut self, mut other: Child) -> Result<()> {
        loop {
            if let Some(status) = other.try_wait()? {
                ensure!(
                    status.success(),
                    "what the services were waited for with: {status}"
                );
                return Ok(());
            }
            for (name, child) in &mut self.0 {
                if let Some(status) = child.try_wait()? {
                    let _ = other.kill();
                    let _ = other.wait();
                    bail!("{name} ended: {status}");
                }
            }
            std::thread::sleep(LOOK_AGAIN);
        }
    }

    /// CPU seconds of each so far.
    pub(super) fn cpu(&self) -> Vec<f64> {
        self.0
            .iter()
            .map(|(_, child)| process::cpu_seconds(child.id()))
            .collect()
    }

    /// What each has used since.
    pub(super) fn used_since(&self, before: &[f64]) -> Vec<Used> {
        let used = |((name, child), before): (&(&'static str, Child), &f64)| Used {
            name,
            cpu_s: process::cpu_seconds(child.id()) - before,
            peak_mib: process::peak_mib(child.id()),
        };
        self.0.iter().zip(before).map(used).collect()
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        for (_, child) in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Asks `/readyz` until it says yes.
fn ready(port: u16) -> Result<()> {
    let began = Instant::now();
    loop {
        match ask(port) {
            Ok(answer) if answer.starts_with("HTTP/1.1 200") || answer.starts_with("HTTP/1.0 200") => {
                return Ok(());
            }
            Ok(answer) if began.elapsed() > PATIENCE => bail!("{answer}"),
            Err(error) if began.elapsed() > PATIENCE => return Err(error.into()),
            _ => std::thread::sleep(LOOK_AGAIN),
        }
    }
}

fn ask(port: u16) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
