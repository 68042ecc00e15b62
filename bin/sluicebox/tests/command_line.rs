//! The program as people type it, on real servers.
#![expect(clippy::unwrap_used, reason = "a failing test says enough")]

#[path = "command_line/dead_letters.rs"]
mod dead_letters;
#[path = "command_line/installing.rs"]
mod installing;
#[path = "command_line/keys.rs"]
mod keys;
#[path = "command_line/listening.rs"]
mod listening;
#[path = "command_line/sources.rs"]
mod sources;
#[path = "command_line/state.rs"]
mod state;

use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use testkit::Sandbox;

const PATIENCE: Duration = Duration::from_mins(1);
const LOOK_AGAIN: Duration = Duration::from_millis(200);

struct Shell {
    sandbox: Sandbox,
    folder: tempfile::TempDir,
}

impl Shell {
    async fn new(name: &str) -> Self {
        Self {
            sandbox: Sandbox::new(name).await.unwrap(),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    async fn with_topics(name: &str) -> Self {
        let shell = Self::new(name).await;
        shell.done(&["topics", "apply"]);
        shell
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sluicebox"));
        command
            .args(arguments)
            .envs(self.sandbox.environment())
            .current_dir(self.folder.path());
        command.output().unwrap()
    }

    /// What it prints; it must succeed.
    fn done(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// Its exit code and what it complains of; it must fail.
    fn fails(&self, arguments: &[&str]) -> (i32, String) {
        let output = self.run(arguments);
        (
            output.status.code().unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        )
    }

    fn file(&self, name: &str, content: &[u8]) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    }

    /// Ids and times on the ingest topic.
    async fn ingested(&self) -> Vec<(String, Option<i64>)> {
        let settings = self.sandbox.settings();
        let prefix = topology::Prefix::new(&settings.topic_prefix);
        let admin = runtime::admin::Admin::new(&settings.kafka, &prefix).unwrap();
        let registry = std::sync::Arc::new(registry::Registry::connect(&settings.registry).unwrap());
        let records = admin.read_every(&["ingest.events".to_owned()]).await.unwrap();
        let decode = move || {
            let mut decoder = model::Decoder::new(registry);
            let events = records.iter().map(|record| {
                let event: model::RawEvent = decoder.decode(record.value.as_deref().unwrap()).unwrap();
                (event.id, event.time)
            });
            events.collect()
        };
        tokio::task::spawn_blocking(decode).await.unwrap()
    }
}

/// Looks until it is so.
fn until(what: &str, is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "no {what} after {PATIENCE:?}");
        std::thread::sleep(LOOK_AGAIN);
    }
}

/// The program, running in the background; killed at the latest when the test ends.
struct Running(Option<Child>);

impl Running {
    fn start(shell: &Shell, arguments: &[&str]) -> Self {
        Self::start_with(shell, arguments, &[])
    }

    fn start_with(shell: &Shell, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sluicebox"));
        command
            .args(arguments)
            .envs(shell.sandbox.environment())
            .envs(environment.iter().copied())
            .current_dir(shell.folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        Self(Some(command.spawn().unwrap()))
    }

    /// As a power cut would.
    fn kill(mut self) {
        let mut child = self.0.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Asks it to stop.
    fn terminate(&self) {
        let child = self.0.as_ref().unwrap();
        let asked = Command::new("kill").arg(child.id().to_string()).status();
        assert!(asked.unwrap().success());
    }

    /// As an operator would; it must end well.
    fn stop(mut self) {
        self.terminate();
        let output = self.0.take().unwrap().wait_with_output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    /// Its exit code and what it complained of, once it has ended by itself.
    fn ended(mut self) -> (Option<i32>, String) {
        let output = self.0.take().unwrap().wait_with_output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_and_tables_are_made_once_and_the_doctor_is_content() {
    let shell = Shell::new("command line").await;
    assert_eq!(shell.fails(&["topics", "diff"]).0, 1);
    let (code, _) = shell.fails(&["doctor"]);
    assert_eq!(code, 1);
    shell.done(&["topics", "apply"]);
    shell.done(&["topics", "apply"]);
    shell.done(&["topics", "diff"]);
    assert_eq!(shell.fails(&["migrate", "status"]).0, 1);
    shell.done(&["migrate", "up"]);
    shell.done(&["migrate", "status"]);
    let report = shell.done(&["doctor"]);
    assert!(!report.contains("fail") && !report.contains('\u{1b}'), "{report}");
    assert_eq!(shell.fails(&["migrate", "down", "--to", "0"]).0, 2);
    shell.done(&["migrate", "down", "--to", "0", "--yes"]);
    shell.done(&["schemas", "register"]);
    shell.done(&["schemas", "check", "--registry"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_are_away_and_settings_that_are_wrong_have_codes_of_their_own() {
    let shell = Shell::new("exit codes").await;
    let away = shell.file("away.yml", b"registry: {url: 'http://127.0.0.1:1'}\n");
    let output = Command::new(env!("CARGO_BIN_EXE_sluicebox"))
        .args(["schemas", "register", "-c", &away])
        .output();
    assert_eq!(output.unwrap().status.code(), Some(4));
    let wrong = shell.file("wrong.yml", b"kafka: {brokerz: 1}\n");
    assert_eq!(shell.fails(&["config", "check", "-c", &wrong]).0, 3);
    assert_eq!(shell.fails(&["no-such-command"]).0, 2);
    let (code, said) = shell.fails(&[
        "replay",
        "none.csv",
        "--format",
        "csv",
        "--type",
        "t",
        "--source",
        "s",
        "--dry-run",
    ]);
    assert!(code == 5 && said.contains("none.csv"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_replayed_twice_with_the_same_ids_and_its_bad_lines_are_kept() {
    let shell = Shell::with_topics("replay").await;
    let csv = "when;body\n5-7-2022 04:24;one\nsoon;two\n5-7-2022 04:25;three\n5-7-2022;too;many\n";
    let file = shell.file("posts.csv", csv.as_bytes());
    let replay = [
        "replay",
        &file,
        "--format",
        "csv",
        "--delimiter",
        ";",
        "--map",
        "time=when,text=body",
        "--type",
        "post",
        "--source",
        "blog",
    ];
    assert_eq!(shell.done(&replay).trim(), "2 events sent, 2 lines rejected");
    let rejects = std::fs::read_to_string(shell.folder.path().join("posts.csv.rejected.jsonl")).unwrap();
    let lines: Vec<serde_json::Value> = rejects
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!((&lines[0]["line"], &lines[1]["line"]), (&3.into(), &5.into()));

    let mut shifted = replay.to_vec();
    shifted.push("--shift-to-now");
    shell.done(&shifted);
    let events = shell.ingested().await;
    let ids: std::collections::BTreeSet<&str> = events.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!((events.len(), ids.len()), (4, 2));
    assert!(events.iter().any(|(_, time)| *time == Some(1_656_995_040_000)));
    assert!(events.iter().any(|(_, time)| time.unwrap() > 1_700_000_000_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn gzip_and_hostile_lines_are_read_to_the_end() {
    let shell = Shell::with_topics("replay gzip").await;
    let deep = "[".repeat(10_000);
    let text = format!("{{\"id\":\"1\",\"text\":\"a\"}}\n{{\"x\":{deep}\n\u{0}\n{{\"id\":\"2\"}}\n");
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, text.as_bytes()).unwrap();
    std::io::Write::write_all(&mut packed, b"\xff\xfe{}\n").unwrap();
    let file = shell.file("posts.jsonl.gz", &packed.finish().unwrap());
    let said = shell.done(&[
        "replay", &file, "--format", "jsonl", "--map", "id=id", "--type", "post", "--source", "blog",
    ]);
    assert_eq!(said.trim(), "2 events sent, 3 lines rejected");
    assert!(
        Path::new(shell.folder.path())
            .join("posts.jsonl.gz.rejected.jsonl")
            .exists()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_sent_and_generated() {
    let shell = Shell::with_topics("events").await;
    let id = shell.done(&[
        "events",
        "send",
        "--type",
        "t",
        "--source",
        "s",
        "--data",
        "{\"a\":1}",
    ]);
    assert!(id.starts_with("evt_"), "{id}");
    assert_eq!(
        shell
            .done(&["events", "generate", "--count", "500", "--seed", "3"])
            .trim(),
        "500 events sent"
    );
    assert_eq!(shell.ingested().await.len(), 501);
    assert_eq!(shell.fails(&["events", "send", "--type", "t"]).0, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_not_printed() {
    let shell = Shell::new("config").await;
    let printed = shell.done(&["config", "print"]);
    assert!(
        printed.contains("[redacted]") && !printed.contains("postgres://"),
        "{printed}"
    );
    assert!(shell.done(&["completion", "bash"]).contains("sluicebox"));
}
