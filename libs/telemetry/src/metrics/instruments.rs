//! The one table of what a process measures: name, unit, kind, labels, what it means, who reads it. Metrics are registered by
//! it; dashboards and alerts may name nothing else. No I/O, no clock.

use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Metric, Registry, Unit};
use serde::Serialize;

/// What begins the name of every metric.
pub(super) const PREFIX: &str = "sluicebox";

/// How a figure behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Only grows, from zero at the start of the process.
    Counter,
    /// Goes up and down.
    Gauge,
    /// How often each range of values occurred.
    Histogram,
}

/// What a figure is measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Measure {
    /// Time.
    Seconds,
    /// Memory.
    Bytes,
}

impl Measure {
    fn shown(self) -> &'static Unit {
        match self {
            Self::Seconds => &Unit::Seconds,
            Self::Bytes => &Unit::Bytes,
        }
    }
}

/// One row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Instrument {
    /// Without prefix, unit and the suffixes of its kind.
    pub name: &'static str,
    /// None for what is counted.
    pub unit: Option<Measure>,
    /// How it behaves.
    pub kind: Kind,
    /// Its labels; each is bounded.
    pub labels: &'static [&'static str],
    /// What it means.
    pub help: &'static str,
    /// What people ask of it.
    pub asked: &'static str,
}

impl Instrument {
    /// The name of the family at `/metrics`, without the suffixes of its kind.
    pub fn family(&self) -> String {
        match self.unit {
            Some(unit) => format!("{PREFIX}_{}_{}", self.name, unit.shown().as_str()),
            None => format!("{PREFIX}_{}", self.name),
        }
    }

    /// The names by which Prometheus knows its series.
    pub fn series(&self) -> Vec<String> {
        let family = self.family();
        let suffixes: &[&str] = match self.kind {
            Kind::Counter => &["_total"],
            Kind::Gauge => &[""],
            Kind::Histogram => &["_bucket", "_sum", "_count"],
        };
        suffixes
            .iter()
            .map(|suffix| format!("{family}{suffix}"))
            .collect()
    }
}

const SERVICE: &[&str] = &["service"];
const REASON: &[&str] = &["service", "reason"];
const TOPIC: &[&str] = &["service", "topic"];
const LANE: &[&str] = &["service", "lane"];

const fn row(
    name: &'static str,
    unit: Option<Measure>,
    kind: Kind,
    labels: &'static [&'static str],
    help: &'static str,
    asked: &'static str,
) -> Instrument {
    Instrument {
        name,
        unit,
        kind,
        labels,
        help,
        asked,
    }
}

use Kind::{Counter, Gauge, Histogram};
use Measure::{Bytes, Seconds};

/// Every instrument, in the order of `/metrics`.
#[rustfmt::skip]
pub static INSTRUMENTS: [Instrument; 31] = [
    row("build_info", None, Gauge, &["version", "built_from"], "1; the version that runs and what it was built from", "Which version runs where?"),
    row("ready", None, Gauge, &[], "1 while the process is ready, as /readyz says", "Who is not ready?"),
    row("parts", None, Gauge, &["state"], "Parts of the process by their state in /readyz: ready, degraded, waiting, failed", "What waits, what has failed?"),
    row("records_read", None, Counter, SERVICE, "Records read, in committed transactions", "How much comes in, at every stage?"),
    row("records_out", None, Counter, SERVICE, "Records read that led to output", "How much of it is let through?"),
    row("records_emitted", None, Counter, SERVICE, "Records written", "How much goes out?"),
    row("records_duplicate", None, Counter, SERVICE, "Records that had been seen before", "How much is sent twice?"),
    row("records_filtered", None, Counter, REASON, "Records that led to nothing, by reason", "What is left out, and why?"),
    row("records_dead", None, Counter, REASON, "Dead letters, by reason", "What cannot be processed, and why?"),
    row("dead_letters_by_sender", None, Counter, &["service", "fault", "tenant", "source"], "Dead letters, by whose fault they are and who sent the record", "Who sends what cannot be processed?"),
    row("records_late", None, Counter, &["service", "rule"], "Records that came too late for a rule, by rule", "Which windows miss events?"),
    row("records_time_corrected", None, Counter, SERVICE, "Records whose time was replaced, because it was ahead of the broker's", "Whose clock is wrong?"),
    row("transactions", None, Counter, REASON, "Transactions, by how they ended", "Do transactions end well?"),
    row("commit", Some(Seconds), Histogram, SERVICE, "Time of a commit", "How long does the broker take to commit?"),
    row("lag_records", None, Gauge, TOPIC, "Records of a topic still to be read, of the whole group", "How much is left to do? (the largest of the replicas, never their sum)"),
    row("lag", Some(Seconds), Gauge, TOPIC, "Time that the oldest record still to be read has waited", "How late are we?"),
    row("lag_measured_timestamp", Some(Seconds), Gauge, &[], "When the lag was measured, in seconds since 1970; while the broker does not answer, the last figures stand", "Can the lag be believed?"),
    row("quarantined_tasks", None, Gauge, LANE, "Tasks that cannot go on until a person has mended what `sluicebox tasks` says", "What stands still until somebody acts?"),
    row("restored_records", None, Gauge, LANE, "Records of changelogs that the latest restore has read", "How far is a restore?"),
    row("restore_total_records", None, Gauge, LANE, "Records of changelogs that the latest restore has to read, at most", "How much is there to restore?"),
    row("restore_left", Some(Seconds), Gauge, LANE, "Time that the latest restore still takes", "When does it go on?"),
    row("rules_on_trial_events", None, Gauge, REASON, "Events that rules in shadow or canary mode matched, and what they would have changed of them", "What would rules on trial change?"),
    row("reload_failed", None, Gauge, SERVICE, "1 while a watched file is refused", "Which change of a file was refused?"),
    row("outbound_calls", None, Counter, REASON, "Calls to the outside world, by how they ended", "Do calls to others succeed?"),
    row("outbound", Some(Seconds), Histogram, SERVICE, "Time of a call to the outside world", "How long do others take?"),
    row("sources_failing", None, Gauge, &[], "Sources that this process polled last in vain", "Which sources fail? `sluicebox sources list` names them"),
    row("process_resident_memory", Some(Bytes), Gauge, &[], "Resident memory", "How much memory is used?"),
    row("process_cpu", Some(Seconds), Counter, &[], "CPU time, user and system", "How much CPU is used?"),
    row("connections_open", None, Gauge, &["listener"], "Connections that are open", "How many clients are connected?"),
    row("connections_accepted", None, Counter, &["listener"], "Connections that got a place", "How often do clients connect?"),
    row("connections_closed", None, Counter, &["listener", "reason"], "Connections that the listener ended or refused, by reason", "Who is turned away, and why?"),
];

/// The row of this name.
///
/// A metric without a row is a mistake in this crate, which its tests find; it is shown without help then.
pub(super) fn of(name: &'static str) -> Instrument {
    let found = INSTRUMENTS.iter().find(|row| row.name == name);
    found.copied().unwrap_or(row(name, None, Gauge, &[], "", ""))
}

/// Begins a metric that is read when somebody asks, as its row says.
pub(super) fn described<'a>(
    encoder: &'a mut DescriptorEncoder<'_>,
    name: &'static str,
) -> Result<MetricEncoder<'a>, std::fmt::Error> {
    let row = of(name);
    let kind = match row.kind {
        Kind::Counter => MetricType::Counter,
        Kind::Gauge => MetricType::Gauge,
        Kind::Histogram => MetricType::Histogram,
    };
    encoder.encode_descriptor(row.name, row.help, row.unit.map(Measure::shown), kind)
}

/// Registers a metric as its row says.
pub(super) fn register(registry: &mut Registry, name: &'static str, metric: impl Metric) {
    let row = of(name);
    match row.unit {
        None => registry.register(row.name, row.help, metric),
        Some(unit) => registry.register_with_unit(row.name, row.help, unit.shown().clone(), metric),
    }
}
