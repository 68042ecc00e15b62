//! Servers of one test alone, for tests that kill, pause, fill or reconfigure them.

use crate::error::TestkitError;
use crate::parts::{Parts, named_in};
use crate::ports::free_ports;
use crate::script::parts_script;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// One of the servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Broker and controller in one process.
    Kafka,
    /// The database.
    Postgres,
    /// The schema registry; it needs PostgreSQL.
    Registry,
}

impl Part {
    const ALL: [Self; 3] = [Self::Registry, Self::Kafka, Self::Postgres];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Kafka => "kafka",
            Self::Postgres => "postgres",
            Self::Registry => "registry",
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of servers in a folder and on ports of its own; ended and deleted with it. Every call blocks until it is done.
///
/// Kafka has a second listener for a proxy in front of it: connect a proxy from [`Self::proxy_address`] to
/// [`Self::proxied_address`], let clients begin at the proxy, and they stay on it, because that is what the listener
/// advertises.
#[derive(Debug)]
pub struct OwnParts {
    folder: PathBuf,
    environment: Vec<(&'static str, String)>,
    kafka: u16,
    controller: u16,
    proxied: SocketAddr,
    proxy: SocketAddr,
    properties: String,
}

/// The folder's name begins so, and the number of the process that owns it follows.
const FOLDER: &str = "sluicebox-own.";

impl OwnParts {
    /// A folder and ports; nothing runs yet. What a test that was killed left behind is removed on the way.
    ///
    /// # Errors
    /// There is no folder or no port to be had.
    pub fn new() -> Result<Self, TestkitError> {
        remove_orphans();
        let folder = fresh_folder()?;
        let [kafka, controller, proxied, proxy, registry, postgres] = free_ports()?;
        let environment = vec![
            ("SLUICEBOX_DATA", folder.display().to_string()),
            ("SLUICEBOX_KAFKA_PORT", kafka.to_string()),
            ("SLUICEBOX_KAFKA_CONTROLLER_PORT", controller.to_string()),
            ("SLUICEBOX_KAFKA_PROXIED_PORT", proxied.to_string()),
            ("SLUICEBOX_KAFKA_PROXY_PORT", proxy.to_string()),
            ("SLUICEBOX_REGISTRY_PORT", registry.to_string()),
            ("SLUICEBOX_POSTGRES_PORT", postgres.to_string()),
        ];
        Ok(Self {
            folder,
            environment,
            kafka,
            controller,
            proxied: local(proxied),
            proxy: local(proxy),
            properties: String::new(),
        })
    }

    /// Gives the broker a property, from its next start on; it overrides ours.
    #[must_use]
    pub fn with_kafka_property(mut self, name: &str, value: &str) -> Self {
        self.set_kafka_property(name, value);
        self
    }

    /// The same, between two starts.
    pub fn set_kafka_property(&mut self, name: &str, value: &str) {
        self.properties.extend([name, "=", value, "\n"]);
    }

    /// The second listener advertises itself, and no proxy before it.
    pub fn advertise_directly(&mut self) {
        let advertised = format!("PLAINTEXT://{},PROXIED://{}", local(self.kafka), self.proxied);
        self.set_kafka_property("advertised.listeners", &advertised);
    }

    /// Gives the broker's Java a system property, from its next start on.
    pub fn set_java_property(&mut self, name: &str, value: &str) {
        let option = ("JAVA_TOOL_OPTIONS", format!("-D{name}={value}"));
        self.environment.push(option);
    }

    /// Starts these parts unless they run, and returns once they answer.
    ///
    /// # Errors
    /// One of them cannot be started; the error says why.
    pub fn up(&self, parts: &[Part]) -> Result<(), TestkitError> {
        let names = parts.iter().map(|part| part.name());
        let arguments: Vec<&str> = std::iter::once("up").chain(names).collect();
        self.script(&arguments).map(drop)
    }

    /// Where they are.
    ///
    /// # Errors
    /// The script does not say.
    pub fn addresses(&self) -> Result<Parts, TestkitError> {
        named_in(&self.script(&["env"])?)
    }

    /// The broker's listener that is meant for the proxy alone.
    pub const fn proxied_address(&self) -> SocketAddr {
        self.proxied
    }

    /// Where the proxy has to listen.
    pub const fn proxy_address(&self) -> SocketAddr {
        self.proxy
    }

    /// Ends a part with SIGKILL; returns once it is gone.
    ///
    /// # Errors
    /// It does not run.
    pub fn kill(&self, part: Part) -> Result<(), TestkitError> {
        self.signal("KILL", part)
    }

    /// Stops a part with SIGSTOP: its connections stay and nothing answers.
    ///
    /// # Errors
    /// It does not run.
    pub fn pause(&self, part: Part) -> Result<(), TestkitError> {
        self.signal("STOP", part)
    }

    /// Lets a paused part go on, with SIGCONT.
    ///
    /// # Errors
    /// It does not run.
    pub fn resume(&self, part: Part) -> Result<(), TestkitError> {
        self.signal("CONT", part)
    }

    /// The processes of a part; none if it does not run.
    ///
    /// # Errors
    /// The script does not say.
    pub fn pids(&self, part: Part) -> Result<Vec<u32>, TestkitError> {
        let printed = self.script(&["pids", part.name()])?;
        Ok(printed.lines().filter_map(|line| line.parse().ok()).collect())
    }

    /// Runs one of Kafka's own programs, such as `org.apache.kafka.tools.AclCommand`, and gives what it printed.
    ///
    /// # Errors
    /// The program fails.
    pub fn kafka_tool(&self, class: &str, arguments: &[&str]) -> Result<String, TestkitError> {
        let command: Vec<&str> = ["kafka-tool", class].iter().chain(arguments).copied().collect();
        self.script(&command)
    }

    /// Where the data and the logs of the parts are: `kafka/logs`, `kafka.log`, `registry.log`, `postgres.log`.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The port of the cluster's controller.
    pub(crate) const fn controller_port(&self) -> u16 {
        self.controller
    }

    /// The properties that the broker was given.
    pub(crate) fn properties(&self) -> &str {
        &self.properties
    }

    /// The id of the broker's cluster, as the broker has noted it.
    pub(crate) fn cluster(&self) -> Result<String, TestkitError> {
        let path = self.folder.join("kafka/logs/meta.properties");
        let place = |reason: String| TestkitError::Place {
            reason: format!("{}: {reason}", path.display()),
        };
        let noted = std::fs::read_to_string(&path).map_err(|error| place(error.to_string()))?;
        let id = noted.lines().find_map(|line| line.strip_prefix("cluster.id="));
        id.map(str::to_owned)
            .ok_or_else(|| place("no cluster.id; start the broker first".to_owned()))
    }

    fn signal(&self, name: &str, part: Part) -> Result<(), TestkitError> {
        self.script(&["signal", name, part.name()]).map(drop)
    }

    fn script(&self, arguments: &[&str]) -> Result<String, TestkitError> {
        let mut environment = self.environment.clone();
        environment.push(("SLUICEBOX_KAFKA_PROPERTIES", self.properties.clone()));
        parts_script(arguments, &environment)
    }
}

impl Drop for OwnParts {
    fn drop(&mut self) {
        remove(&self.folder);
    }
}

const fn local(port: u16) -> SocketAddr {
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}

/// A folder for parts of this process.
pub(crate) fn fresh_folder() -> Result<PathBuf, TestkitError> {
    let unique = &Uuid::new_v4().simple().to_string()[..8];
    let folder = std::env::temp_dir().join(format!("{FOLDER}{}.{unique}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(|error| TestkitError::Place {
        reason: format!("{}: {error}", folder.display()),
    })?;
    Ok(folder)
}

/// Ends what runs in a folder and deletes it.
pub(crate) fn remove(folder: &Path) {
    let environment = [("SLUICEBOX_DATA", folder.display().to_string())];
    for part in Part::ALL {
        // Their data goes too, so nothing is gained by ending in good order; an error means that it does not run.
        let _ = parts_script(&["signal", "KILL", part.name()], &environment);
    }
    let reset = parts_script(&["reset"], &environment).map_err(|error| error.to_string());
    let removed = std::fs::remove_dir_all(folder).or_else(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Ok(()),
        _ => Err(error.to_string()),
    });
    if let Err(reason) = reset.and(removed) {
        complain(folder, &reason);
    }
}

/// Folders whose process is gone: it was killed before it could remove them.
fn remove_orphans() {
    let Ok(entries) = std::fs::read_dir(std::env::temp_dir()) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let owner = name
            .to_str()
            .and_then(|name| name.strip_prefix(FOLDER)?.split('.').next());
        if owner.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
            remove(&entry.path());
        }
    }
}

/// Servers that stay behind cost memory but make no other test wrong, so this is no failure.
#[expect(clippy::print_stderr, reason = "a test's output is its log")]
fn complain(folder: &Path, reason: &str) {
    eprintln!(
        "testkit: servers or data stay behind in {}: {reason}",
        folder.display()
    );
}
