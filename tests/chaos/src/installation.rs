//! Where a run takes place: servers of its own behind proxies, topics, tables, a configuration.

use crate::failure::Failure;
use crate::receiver::Receiver;
use proxy::{Proxy, Speaks};
use scenario::day::{Day, truth};
use settings::Settings;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Arc;
use std::time::Duration;
use testkit::{OwnParts, Part};
use tokio::process::Command;

/// After this silence the group gives a member up.
pub(crate) const SESSION_TIMEOUT: Duration = Duration::from_secs(13);
/// Above the time in which the broker restarts, so that a lane finds its transaction as it left it.
const TRANSACTION_TIMEOUT: Duration = Duration::from_secs(12);
const PARTITIONS: u32 = 4;
const KEY: &str = "chaos-run-key";
const WEBHOOK_KEY: &str = "whsec_Y2hhb3Mtb25seS1ub3QtYS1zZWNyZXQtMDEyMzQ1Njc4OQ==";

/// Servers, proxies and configuration of one run; everything ends with it.
pub(crate) struct Installation {
    /// The servers.
    pub(crate) parts: Arc<OwnParts>,
    /// Before the broker; the services know no other way.
    pub(crate) broker: Proxy,
    /// Before the database; the services know no other way.
    pub(crate) database: Proxy,
    /// Receives the notifications.
    pub(crate) receiver: Receiver,
    /// The settings of the run, past the proxies.
    pub(crate) settings: Settings,
    folder: PathBuf,
    environment: Vec<(String, String)>,
}

/// What the servers said stays with what the services said.
impl Drop for Installation {
    fn drop(&mut self) {
        for log in ["kafka.log", "registry.log", "postgres.log"] {
            // One that is not there was not written.
            let _ = std::fs::copy(self.parts.folder().join(log), self.folder.join(log));
        }
    }
}

impl Installation {
    /// Starts the servers, makes topics and tables; no service runs yet.
    pub(crate) async fn new(folder: &Path, day: &Day) -> Result<Self, Failure> {
        let parts = Arc::new(OwnParts::new()?);
        let starting = Arc::clone(&parts);
        let up = move || starting.up(&[Part::Postgres, Part::Kafka, Part::Registry]);
        tokio::task::spawn_blocking(up).await??;
        let addresses = parts.addresses()?;
        let broker = Proxy::start(parts.proxy_address(), parts.proxied_address(), Speaks::Kafka)
            .map_err(Failure::place("the proxy before the broker"))?;
        let database = database_proxy(&addresses.postgres_url)?;
        let receiver = Receiver::start().await?;
        std::fs::write(
            folder.join("sluicebox.yml"),
            configuration(folder, &receiver, day)?,
        )
        .map_err(Failure::place("the run's configuration"))?;
        let environment = environment(&addresses.registry_url);
        let direct = [
            pair("KAFKA__BROKERS", &addresses.brokers),
            pair("POSTGRES__URL", &addresses.postgres_url),
        ];
        let all = environment.iter().cloned().chain(direct);
        let settings = Settings::load(Some(&folder.join("sluicebox.yml")), all)?;
        let this = Self {
            parts,
            broker,
            database,
            receiver,
            settings,
            folder: folder.to_owned(),
            environment,
        };
        this.command(&["topics", "apply"]).await?;
        this.command(&["migrate", "up"]).await?;
        Ok(this)
    }

    /// What a service gets: the way to broker and database leads through the proxies.
    pub(crate) fn service_environment(&self) -> Vec<(String, String)> {
        let mut postgres = self.settings.postgres.url.expose().to_owned();
        if let Some((before, _)) = postgres.rsplit_once('@') {
            postgres = format!("{before}@{}/sluicebox", self.database.address());
        }
        let ways = [
            pair("KAFKA__BROKERS", &self.broker.address().to_string()),
            pair("POSTGRES__URL", &postgres),
        ];
        let mut all = self.environment.clone();
        all.extend(ways);
        all.push(self.configuration());
        all
    }

    /// The settings of somebody who produces past the edge: through the proxy.
    pub(crate) fn producer_settings(&self) -> Settings {
        let mut settings = self.settings.clone();
        settings.kafka.brokers = self.broker.address().to_string();
        settings
    }

    fn configuration(&self) -> (String, String) {
        let path = self.folder.join("sluicebox.yml");
        ("SLUICEBOX_CONFIG".to_owned(), path.display().to_string())
    }

    /// Runs a command of the program past the proxies; gives what it printed, whatever its exit code.
    pub(crate) async fn printed(&self, arguments: &[&str]) -> Result<Output, Failure> {
        let mut command = Command::new(testkit::program()?);
        command
            .args(arguments)
            .envs(self.environment.iter().cloned())
            .envs([self.configuration()])
            .env("SLUICEBOX__KAFKA__BROKERS", &self.settings.kafka.brokers)
            .env("SLUICEBOX__POSTGRES__URL", self.settings.postgres.url.expose())
            .current_dir(testkit::repository())
            .kill_on_drop(true);
        command.output().await.map_err(|why| Failure::cannot_run(&why))
    }

    /// Runs a command of the program past the proxies; it must succeed.
    async fn command(&self, arguments: &[&str]) -> Result<(), Failure> {
        let output = self.printed(arguments).await?;
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() {
            return Ok(());
        }
        Err(Failure::Command {
            command: arguments.join(" "),
            said: format!("{printed}{}", String::from_utf8_lossy(&output.stderr)),
        })
    }

    /// The API key of the edge.
    pub(crate) const fn key() -> &'static str {
        KEY
    }
}

fn pair(key: &str, value: &str) -> (String, String) {
    (format!("SLUICEBOX__{key}"), value.to_owned())
}

fn environment(registry_url: &str) -> Vec<(String, String)> {
    let rules = |folder: &str| {
        testkit::repository()
            .join("rules")
            .join(folder)
            .display()
            .to_string()
    };
    vec![
        pair("TOPIC_PREFIX", "chaos."),
        pair("KAFKA__PARTITIONS", &PARTITIONS.to_string()),
        pair(
            "KAFKA__SESSION_TIMEOUT_MS",
            &SESSION_TIMEOUT.as_millis().to_string(),
        ),
        pair(
            "KAFKA__TRANSACTION_TIMEOUT_MS",
            &TRANSACTION_TIMEOUT.as_millis().to_string(),
        ),
        pair("REGISTRY__URL", registry_url),
        pair("SCORER__RULES", &rules("scoring")),
        pair("DETECTOR__RULES", &rules("detections")),
        pair("ENRICHER__RULES", &rules("scoring")),
    ]
}

fn database_proxy(url: &str) -> Result<Proxy, Failure> {
    let server = url.rsplit_once('@').map_or(url, |(_, server)| server);
    let server = server.split('/').next().unwrap_or(server);
    let what = || Failure::place("the proxy before the database");
    let upstream = server
        .parse()
        .map_err(|error| what()(std::io::Error::other(format!("{server}: {error}"))))?;
    let any = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    Proxy::start(any, upstream, Speaks::Anything).map_err(what())
}

fn configuration(folder: &Path, receiver: &Receiver, day: &Day) -> Result<String, Failure> {
    let mut yaml =
        format!("adapters: {{api_keys: [{KEY}]}}\ntelemetry: {{log_level: info}}\nenricher:\n  tables:\n");
    for table in &day.tables {
        let path = folder.join(format!("{}.csv", table.name));
        std::fs::write(&path, &table.csv).map_err(Failure::place(path.display().to_string()))?;
        let (name, key, on, path) = (table.name, table.key, table.on, path.display());
        let _ = writeln!(yaml, "    - {{name: {name}, path: {path}, key: {key}, on: {on}}}");
    }
    yaml.push_str("notifier:\n  channels:\n");
    for (name, rest) in [
        (truth::ALERTS, "kinds: [signal], min_level: high"),
        (truth::SECURITY, "kinds: [detection]"),
    ] {
        let url = receiver.url(name);
        let common = format!("kind: webhook, url: '{url}', secret: {WEBHOOK_KEY}, allow_private: true");
        let _ = writeln!(yaml, "    - {{name: {name}, {common}, {rest}}}");
    }
    Ok(yaml)
}
