//! The Kafka Streams twin, where it is there: built outside the tree, run by its own driver, read by what it prints.

use crate::driver::Broker;
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Beside this repository.
const SOURCE: &str = "../shared/bench/kafka-streams-peer";
/// Stream threads an application: the twin is fastest with one on two cores.
const THREADS: &str = "1";

/// The twin, built.
pub(super) struct Peer {
    folder: PathBuf,
}

/// One batch of the twin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Batch {
    /// Events a second.
    pub(super) rate: f64,
    /// CPU seconds of its application.
    pub(super) cpu_s: f64,
    pub(super) broker_cpu_s: f64,
}

impl Peer {
    /// Builds it in the cache; `None` where its sources are absent.
    pub(super) fn build() -> Result<Option<Self>> {
        if !Path::new(SOURCE).join("pom.xml").exists() {
            return Ok(None);
        }
        let folder = cache()?.join("kafka-streams-peer");
        std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        must(
            Command::new("cp")
                .arg("-r")
                .arg(format!("{SOURCE}/."))
                .arg(&folder),
        )?;
        must(Command::new("mvn").args(["-q", "package"]).current_dir(&folder))?;
        Ok(Some(Self { folder }))
    }

    /// Its three stages at full speed: the first batch meets a cold JVM.
    pub(super) fn throughput(&self, broker: &Broker, events: u32, batches: u32) -> Result<Vec<Batch>> {
        let arguments = [
            "throughput",
            "pipeline",
            THREADS,
            &events.to_string(),
            &batches.to_string(),
        ];
        let said = self.load(broker, &arguments)?;
        let batches: Vec<Batch> = said.lines().filter_map(batch).collect();
        if batches.is_empty() {
            bail!("the twin said nothing of its batches: {said}");
        }
        Ok(batches)
    }

    /// Its three stages at a steady rate: p50 and p99 in milliseconds.
    pub(super) fn latency(&self, broker: &Broker, rate: u32, seconds: u64) -> Result<(f64, f64)> {
        let arguments = [
            "latency",
            "pipeline",
            THREADS,
            &rate.to_string(),
            &seconds.to_string(),
        ];
        let said = self.load(broker, &arguments)?;
        latency(&said).with_context(|| format!("the twin said nothing of its latency: {said}"))
    }

    fn load(&self, broker: &Broker, arguments: &[&str]) -> Result<String> {
        let mut java = Command::new("java");
        java.current_dir(&self.folder)
            .env("BS", &broker.address)
            .env("BROKER_PID", broker.pid().to_string())
            .args(["-Xmx1g", "-Dorg.slf4j.simpleLogger.defaultLogLevel=error"])
            .args(["-cp", "target/classes:target/lib/*", "peer.Load"])
            .args(arguments);
        let output = java.output().context("java")?;
        if !output.status.success() {
            bail!("the twin failed: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8(output.stdout)?)
    }
}

fn cache() -> Result<PathBuf> {
    if let Some(cache) = std::env::var_os("SLUICEBOX_CACHE") {
        return Ok(cache.into());
    }
    let home = std::env::var_os("HOME").context("neither SLUICEBOX_CACHE nor HOME is set")?;
    Ok(PathBuf::from(home).join(".cache/sluicebox"))
}

fn must(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("{command:?}"))?;
    if !status.success() {
        bail!("{command:?} ended with {status}");
    }
    Ok(())
}

fn batch(line: &str) -> Option<Batch> {
    Some(Batch {
        rate: after(line, "s = ")?,
        cpu_s: after(line, "app cpu ")?,
        broker_cpu_s: after(line, "broker cpu ")?,
    })
}

fn latency(said: &str) -> Option<(f64, f64)> {
    let line = said.lines().find(|line| line.starts_with("latency"))?;
    Some((after(line, "p50=")?, after(line, "p99=")?))
}

/// The number that stands behind these words.
fn after(line: &str, words: &str) -> Option<f64> {
    let (_, rest) = line.split_once(words)?;
    let end = rest
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(rest.len());
    rest[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_twin_prints_is_read() {
        let line = "pipeline threads=1 batch=1 n=400000 bytes/event=419 13.02s = 30720 events/s; app cpu 15.4s, \
                    broker cpu 8.3s; app rss 525 MB (peak 560), broker rss 345 MB; output 280005 of 280005";
        let expected = Batch {
            rate: 30_720.0,
            cpu_s: 15.4,
            broker_cpu_s: 8.3,
        };
        assert_eq!(batch(line), Some(expected));
        let line = "latency pipeline threads=1 rate=1000/s for 30s after 10s warm-up: outputs=21040 p50=231ms p90=313ms \
                    p99=383ms max=489ms; app cpu 9.7s broker cpu 10.2s; app rss 530 MB (peak 560)";
        assert_eq!(latency(line), Some((231.0, 383.0)));
    }
}
