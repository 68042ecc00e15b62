//! An installation of one test: topics, database, configuration, and the processes that run.

use crate::receiver::Receiver;
use scenario::day::Day;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use testkit::Sandbox;
use tokio::sync::{Semaphore, SemaphorePermit};

/// How long anything may take that a test waits for, on a slow machine.
pub(crate) const PATIENCE: Duration = Duration::from_mins(4);
/// Between two questions to something that is not ready yet; every wait has a deadline.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
const KEY: &str = "end-to-end";
pub(crate) const WEBHOOK_KEY: &str = "whsec_ZTJlLW9ubHktbm90LWEtc2VjcmV0LTAxMjM0NTY3";

/// Installations at a time: each is ten processes, and two cores have no room for more.
static ROOM: Semaphore = Semaphore::const_new(2);

/// Everything that one test runs; processes end with it.
pub(crate) struct Installation {
    pub(crate) sandbox: Sandbox,
    pub(crate) receiver: Receiver,
    folder: tempfile::TempDir,
    edge: u16,
    running: BTreeMap<String, Running>,
    left_out: Vec<&'static str>,
    _room: SemaphorePermit<'static>,
}

/// A process, where it tells how it is, and what it was started with.
struct Running {
    child: Child,
    port: u16,
    variables: Vec<(String, String)>,
}

impl Installation {
    /// Topics and tables, and a configuration with the day's tables and channels; nothing runs yet.
    pub(crate) async fn new(test: &str, day: &Day) -> Self {
        let sandbox = Sandbox::new(test).await.expect("the servers for tests run");
        Self::on(sandbox, day).await
    }

    /// The same on other servers.
    pub(crate) async fn on(sandbox: Sandbox, day: &Day) -> Self {
        Self::configured(sandbox, |folder, receiver| configuration(folder, receiver, day)).await
    }

    /// The same with a configuration of the test's own, which may have its files in the folder.
    pub(crate) async fn configured(
        sandbox: Sandbox,
        configuration: impl FnOnce(&Path, &Receiver) -> String,
    ) -> Self {
        let room = ROOM.acquire().await.expect("nobody closes it");
        let receiver = Receiver::start().await;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let configuration = configuration(folder.path(), &receiver);
        std::fs::write(folder.path().join("sluicebox.yml"), configuration)
            .expect("the folder can be written");
        let this = Self {
            sandbox,
            receiver,
            folder,
            edge: free_port(),
            running: BTreeMap::new(),
            left_out: Vec::new(),
            _room: room,
        };
        this.succeeds(&["topics", "apply"]);
        this.succeeds(&["migrate", "up"]);
        this
    }

    /// The program with this installation's settings.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(testkit::program().expect("the program builds"));
        command.args(arguments).envs(self.sandbox.environment());
        command.env("SLUICEBOX_CONFIG", self.folder.path().join("sluicebox.yml"));
        command.env("SLUICEBOX__ADAPTERS__LISTEN", format!("127.0.0.1:{}", self.edge));
        command.current_dir(testkit::repository());
        for variable in &self.left_out {
            command.env_remove(variable);
        }
        command
    }

    /// Runs the program; it must succeed.
    pub(crate) fn succeeds(&self, arguments: &[&str]) -> Output {
        let output = self.command(arguments).output().expect("the program runs");
        let said = || format!("{}{}", lossy(&output.stdout), lossy(&output.stderr));
        assert!(output.status.success(), "{arguments:?}: {}", said());
        output
    }

    /// The path of a file in the folder of the configuration.
    pub(crate) fn file(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// Commands are not given this variable any more: what it says is in the configuration.
    pub(crate) fn leave_out(&mut self, variable: &'static str) {
        self.left_out.push(variable);
    }

    /// What runs.
    pub(crate) fn targets(&self) -> impl Iterator<Item = &str> {
        self.running.keys().map(String::as_str)
    }

    /// Where a process tells how it is.
    pub(crate) fn ops(&self, target: &str) -> String {
        let port = self.running.get(target).expect("it runs").port;
        format!("http://127.0.0.1:{port}")
    }

    /// Where events are posted.
    pub(crate) fn edge(&self) -> String {
        format!("http://127.0.0.1:{}", self.edge)
    }

    /// The API key of the edge.
    pub(crate) const fn key() -> &'static str {
        KEY
    }

    /// Starts a process of these targets; `ready` waits for it.
    pub(crate) fn start(&mut self, target: &str) {
        self.start_with(target, &[]);
    }

    /// The same with these variables too.
    pub(crate) fn start_with(&mut self, target: &str, variables: &[(&str, &str)]) {
        let port = free_port();
        let mut command = self.command(&["run", target]);
        command
            .envs(variables.iter().copied())
            .env("SLUICEBOX__OPS__LISTEN", format!("127.0.0.1:{port}"))
            .stdout(Stdio::null());
        let child = command.spawn().expect("the program runs");
        let variables = variables
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let running = Running {
            child,
            port,
            variables: variables.collect(),
        };
        self.running.insert(target.to_owned(), running);
    }

    /// What a process says of its health.
    pub(crate) async fn health(&self, target: &str) -> String {
        let asked = client().get(format!("{}/healthz", self.ops(target))).send();
        let answer = asked.await.expect("it answers");
        answer.text().await.expect("its health is text")
    }

    /// Waits until what a process says of its health is as wanted.
    pub(crate) async fn until_health(&self, target: &str, wanted: impl Fn(&str) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let health = self.health(target).await;
            if wanted(&health) {
                return;
            }
            assert!(Instant::now() < deadline, "{health}");
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// Posts an event, which must be taken.
    pub(crate) async fn post(&self, event: &Value) {
        let posted = client()
            .post(format!("{}/v1/events", self.edge()))
            .header("content-type", "application/cloudevents+json")
            .header("x-api-key", KEY)
            .body(event.to_string());
        let answer = posted.send().await.expect("the edge answers");
        assert_eq!(answer.status().as_u16(), 202);
    }

    /// Waits until nothing is left to read anywhere, and nothing waits.
    pub(crate) fn drain(&self) {
        let timeout = format!("{}s", PATIENCE.as_secs());
        let flow = self.flow(&["--wait", "--timeout", &timeout]);
        let told = (flow["conserves"].as_bool(), flow["drained"].as_bool());
        let ended: Vec<&str> = self.ended().collect();
        assert_eq!(told, (Some(true), Some(true)), "ended: {ended:?}; {flow}");
    }

    /// The processes that ended though nobody stopped them.
    fn ended(&self) -> impl Iterator<Item = &str> {
        let is_over = |running: &Running| {
            let stat = std::fs::read_to_string(format!("/proc/{}/stat", running.child.id()));
            // Behind the name, which stands in brackets: `Z` for a process that nobody has waited for yet.
            stat.is_ok_and(|stat| stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('Z')))
        };
        let over = self.running.iter().filter(move |(_, running)| is_over(running));
        over.map(|(target, _)| target.as_str())
    }

    /// Waits until every process says that it is ready.
    pub(crate) async fn ready(&self) {
        let client = client();
        for (target, Running { port, .. }) in &self.running {
            let url = format!("http://127.0.0.1:{port}/readyz");
            let deadline = Instant::now() + PATIENCE;
            while !client
                .get(&url)
                .send()
                .await
                .is_ok_and(|answer| answer.status().is_success())
            {
                assert!(Instant::now() < deadline, "{target} does not become ready");
                assert_eq!(self.ended().next(), None, "ended before it was ready");
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        }
    }

    /// SIGKILL, and the same again.
    pub(crate) fn kill_and_restart(&mut self, target: &str) {
        let mut killed = self.running.remove(target).expect("it runs");
        killed.child.kill().expect("it can be killed");
        killed.child.wait().expect("it ends");
        let variables = killed.variables.iter();
        let variables: Vec<_> = variables.map(|(key, value)| (&**key, &**value)).collect();
        self.start_with(target, &variables);
    }

    /// SIGTERM to every process; each must end well.
    pub(crate) fn stop(&mut self) {
        for Running { child, .. } in self.running.values() {
            let told = Command::new("kill")
                .arg(child.id().to_string())
                .status()
                .expect("kill runs");
            assert!(told.success());
        }
        for (target, Running { mut child, .. }) in std::mem::take(&mut self.running) {
            let status = child.wait().expect("it ends");
            assert!(status.success(), "{target} ended with {status}");
        }
    }

    /// The counts of all stages now.
    pub(crate) fn flow(&self, arguments: &[&str]) -> Value {
        let output = self
            .command(&[&["flow", "--json"], arguments].concat())
            .output()
            .expect("the program runs");
        let json = serde_json::from_slice(&output.stdout);
        json.unwrap_or_else(|error| panic!("flow: {error}: {}", lossy(&output.stderr)))
    }

    /// Records that a stage has read.
    pub(crate) fn read(&self, stage: &str) -> u64 {
        let flow = self.flow(&[]);
        let stages = flow["stages"].as_array().expect("flow lists the stages");
        let found = stages
            .iter()
            .find(|one| one["stage"] == stage)
            .expect("flow lists every stage");
        found["in"].as_u64().expect("counts are numbers")
    }

    /// The first column of the first row.
    pub(crate) async fn texts(&self, query: &'static str) -> Vec<String> {
        let pool = sqlx::PgPool::connect(self.sandbox.postgres_url())
            .await
            .expect("the database answers");
        let texts = sqlx::query_scalar(query)
            .fetch_all(&pool)
            .await
            .expect("the query is right");
        pool.close().await;
        texts
    }

    /// Each notification came at least once, and never with two bodies.
    pub(crate) async fn check_webhooks(&self) {
        let bodies = self.receiver.bodies();
        let planned = self.texts("SELECT id FROM notifications").await;
        for id in &planned {
            assert!(bodies.contains_key(id), "notification {id} never came");
        }
        assert_eq!(bodies.len(), planned.len(), "what came was planned");
        for (id, bodies) in bodies {
            assert_eq!(bodies.len(), 1, "notification {id} came with different bodies");
        }
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        for Running { child, .. } in self.running.values_mut() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn configuration(folder: &Path, receiver: &Receiver, day: &Day) -> String {
    let mut yaml =
        format!("adapters: {{api_keys: [{KEY}]}}\ntelemetry: {{log_level: warn}}\nenricher:\n  tables:\n");
    for table in &day.tables {
        let path = folder.join(format!("{}.csv", table.name));
        std::fs::write(&path, &table.csv).expect("the folder can be written");
        let (name, key, on, path) = (table.name, table.key, table.on, path.display());
        writeln!(yaml, "    - {{name: {name}, path: {path}, key: {key}, on: {on}}}")
            .expect("strings take writes");
    }
    yaml.push_str("notifier:\n  channels:\n");
    for (name, rest) in [
        ("alerts", "kinds: [signal], min_level: high"),
        ("security", "kinds: [detection]"),
    ] {
        let url = receiver.url(name);
        let common = format!("kind: webhook, url: '{url}', secret: {WEBHOOK_KEY}, allow_private: true");
        writeln!(yaml, "    - {{name: {name}, {common}, {rest}}}").expect("strings take writes");
    }
    yaml
}

/// An HTTP client that asks nobody in between.
pub(crate) fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("an HTTP client")
}

fn free_port() -> u16 {
    let [port] = testkit::free_ports().expect("a free port");
    port
}

pub(crate) fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
