//! Where the afternoon takes place: topics and a database of its own, and `run all` with keys.

use crate::failure::Failure;
use serde_json::Value;
use settings::Settings;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use testkit::Sandbox;

const KEY: &str = "the-key-of-a-client-that-is-not-hostile";
const START: Duration = Duration::from_mins(2);
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// A running installation; the process ends with it.
pub(crate) struct Place {
    pub(crate) sandbox: Sandbox,
    pub(crate) edge: SocketAddr,
    api: SocketAddr,
    ops: SocketAddr,
    folder: tempfile::TempDir,
    process: Option<Child>,
}

/// What is attacked.
#[derive(Clone)]
pub struct Targets {
    /// The listener that takes events.
    pub edge: SocketAddr,
    /// The listener that answers questions.
    pub api: SocketAddr,
    /// The listener that tells of health.
    pub ops: SocketAddr,
    /// The way to the topics.
    pub settings: Settings,
}

impl Place {
    /// Returns once everything is ready.
    pub(crate) async fn start() -> Result<Self, Failure> {
        let folder = tempfile::tempdir().map_err(|why| Failure::Place {
            path: std::env::temp_dir(),
            why,
        })?;
        let mut this = Self {
            sandbox: Sandbox::new("hostile_afternoon").await?,
            edge: free_address()?,
            api: free_address()?,
            ops: free_address()?,
            folder,
            process: None,
        };
        let path = this.folder.path().join("sluicebox.yml");
        let yaml = format!("adapters: {{api_keys: [{KEY}]}}\ntelemetry: {{log_level: error}}\n");
        std::fs::write(&path, yaml).map_err(|why| Failure::Place { path, why })?;
        this.succeeds(&["topics", "apply"])?;
        this.succeeds(&["migrate", "up"])?;
        let mut command = this.command(&["run", "all"])?;
        let spawned = command.stdout(Stdio::null()).spawn();
        this.process = Some(spawned.map_err(|why| failed(&["run", "all"], &why.to_string()))?);
        this.wait_until_ready().await?;
        Ok(this)
    }

    pub(crate) const fn key() -> &'static str {
        KEY
    }

    pub(crate) fn targets(&self) -> Targets {
        Targets {
            edge: self.edge,
            api: self.api,
            ops: self.ops,
            settings: self.sandbox.settings(),
        }
    }

    fn command(&self, arguments: &[&str]) -> Result<Command, Failure> {
        let mut command = Command::new(testkit::program()?);
        command
            .args(arguments)
            .envs(self.sandbox.environment())
            .env("SLUICEBOX_CONFIG", self.folder.path().join("sluicebox.yml"))
            .env("SLUICEBOX__ADAPTERS__LISTEN", self.edge.to_string())
            .env("SLUICEBOX__API__LISTEN", self.api.to_string())
            .env("SLUICEBOX__OPS__LISTEN", self.ops.to_string())
            .current_dir(testkit::repository());
        Ok(command)
    }

    fn succeeds(&self, arguments: &[&str]) -> Result<Vec<u8>, Failure> {
        let output = self.command(arguments)?.output();
        let output = output.map_err(|why| failed(arguments, &why.to_string()))?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        Err(failed(arguments, &String::from_utf8_lossy(&output.stderr)))
    }

    async fn wait_until_ready(&self) -> Result<(), Failure> {
        let client = client()?;
        let deadline = Instant::now() + START;
        while !is_ready(&client, self.ops).await {
            if Instant::now() > deadline {
                let seconds = START.as_secs();
                let what = "`run all` did not become ready";
                return Err(Failure::Late { what, seconds });
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Ok(())
    }

    /// The counts of all stages once nothing is left to do; an answer that says otherwise is kept as it is.
    pub(crate) fn flow(&self, patience: Duration) -> Result<Value, Failure> {
        let timeout = format!("{}s", patience.as_secs());
        let arguments = ["flow", "--json", "--wait", "--timeout", &timeout];
        let output = self.command(&arguments)?.output();
        let output = output.map_err(|why| failed(&arguments, &why.to_string()))?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        serde_json::from_slice(&output.stdout)
            .map_err(|error| failed(&arguments, &format!("{error}: {said}")))
    }

    /// Whether the process is there and says that everything in it is ready.
    pub(crate) async fn is_whole(&mut self) -> Result<bool, Failure> {
        let runs = self
            .process
            .as_mut()
            .is_some_and(|process| matches!(process.try_wait(), Ok(None)));
        Ok(runs && is_ready(&client()?, self.ops).await)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

async fn is_ready(client: &reqwest::Client, ops: SocketAddr) -> bool {
    let answer = client.get(format!("http://{ops}/readyz")).send().await;
    answer.is_ok_and(|answer| answer.status().is_success())
}

/// A client that asks nobody in between and does not wait for ever.
pub(crate) fn client() -> Result<reqwest::Client, Failure> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(15));
    Ok(builder.build()?)
}

fn failed(arguments: &[&str], why: &str) -> Failure {
    Failure::Program {
        command: format!("sluicebox {}", arguments.join(" ")),
        why: why.to_owned(),
    }
}

fn free_address() -> Result<SocketAddr, Failure> {
    let bound = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
    bound.map_err(|why| Failure::Place {
        path: PathBuf::from("127.0.0.1:0"),
        why,
    })
}
