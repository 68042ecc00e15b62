//! Counters and gauges of a process, in the `OpenMetrics` text format.
//!
//! What there is stands in `instruments`, what labels it has in `labels`; the number of reasons, rules and senders is bounded
//! here too.

mod instruments;
mod labels;
mod listeners;
mod process;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

pub use instruments::{INSTRUMENTS, Instrument, Kind, Measure};
use instruments::{PREFIX, register};
use labels::{Of, OfBuild, OfLane, OfReason, OfRule, OfSender, OfState, OfTopic};

use crate::{ComponentState, HealthReport};

/// More reasons than the code has; what goes beyond is counted as `other`.
const MAX_REASONS: usize = 128;
/// Senders of dead letters that are counted apart, and bytes of their names; strangers choose both. Those beyond are
/// counted as `other`; `sluicebox dlq list` has all of them.
const MAX_SENDERS: usize = 64;
const MAX_NAME: usize = 96;
const OTHER: &str = "other";
/// Bounds of durations in seconds, from half a millisecond to half a minute.
const SECONDS: [f64; 12] = [
    0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0,
];

/// How a transaction ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransactionOutcome {
    /// Its outputs, state and offsets count.
    Committed,
    /// Nothing of it counts; its records are read again.
    Aborted,
}

/// All metrics of a process. Clones share them.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

struct Inner {
    registry: Mutex<Registry>,
    reasons: Mutex<BTreeSet<String>>,
    senders: Mutex<BTreeSet<(String, String)>>,
    build_info: Family<OfBuild, Gauge>,
    ready: Gauge,
    parts: Family<OfState, Gauge>,
    read: Family<Of, Counter>,
    emitted: Family<Of, Counter>,
    out: Family<Of, Counter>,
    duplicate: Family<Of, Counter>,
    filtered: Family<OfReason, Counter>,
    dead: Family<OfReason, Counter>,
    dead_by_sender: Family<OfSender, Counter>,
    late: Family<OfRule, Counter>,
    time_corrected: Family<Of, Counter>,
    transactions: Family<OfReason, Counter>,
    commit_seconds: Family<Of, Histogram>,
    lag: Family<OfTopic, Gauge>,
    lag_seconds: Family<OfTopic, Gauge<f64, AtomicU64>>,
    lag_measured: Gauge<f64, AtomicU64>,
    quarantined: Family<OfLane, Gauge>,
    restored: Family<OfLane, Gauge>,
    restore_total: Family<OfLane, Gauge>,
    restore_left: Family<OfLane, Gauge<f64, AtomicU64>>,
    reload_failed: Family<Of, Gauge>,
    rules_on_trial: Family<OfReason, Gauge>,
    outbound: Family<OfReason, Counter>,
    outbound_seconds: Family<Of, Histogram>,
    sources_failing: Gauge,
    listeners: listeners::Listeners,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

fn seconds() -> Histogram {
    Histogram::new(SECONDS)
}

impl Metrics {
    /// All families, empty, and the memory and CPU of this process.
    pub fn new() -> Self {
        let inner = Inner {
            registry: Mutex::new(Registry::with_prefix(PREFIX)),
            reasons: Mutex::default(),
            senders: Mutex::default(),
            build_info: Family::default(),
            ready: Gauge::default(),
            parts: Family::default(),
            read: Family::default(),
            emitted: Family::default(),
            out: Family::default(),
            duplicate: Family::default(),
            filtered: Family::default(),
            dead: Family::default(),
            dead_by_sender: Family::default(),
            late: Family::default(),
            time_corrected: Family::default(),
            transactions: Family::default(),
            commit_seconds: Family::new_with_constructor(seconds),
            lag: Family::default(),
            lag_seconds: Family::default(),
            lag_measured: Gauge::default(),
            quarantined: Family::default(),
            restored: Family::default(),
            restore_total: Family::default(),
            restore_left: Family::default(),
            reload_failed: Family::default(),
            rules_on_trial: Family::default(),
            outbound: Family::default(),
            outbound_seconds: Family::new_with_constructor(seconds),
            sources_failing: Gauge::default(),
            listeners: listeners::Listeners::default(),
        };
        inner.register();
        Self(Arc::new(inner))
    }

    /// Which version runs, and what it was built from.
    pub fn build(&self, version: &'static str, built_from: &'static str) {
        self.0
            .build_info
            .get_or_create(&OfBuild { version, built_from })
            .set(1);
    }

    /// How the process is.
    pub fn health(&self, report: &HealthReport) {
        self.0.ready.set(report.status.is_ready().into());
        for state in ComponentState::OF_PARTS {
            let parts = i64::try_from(report.parts(state)).unwrap_or(i64::MAX);
            let state = state.as_str();
            self.0.parts.get_or_create(&OfState { state }).set(parts);
        }
    }

    /// Shows the connections of a listener.
    pub fn listener(&self, name: &'static str, figures: listen::Figures) {
        self.0.listeners.add(name, figures);
    }

    /// The metrics as text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let registry = self.0.registry.lock().unwrap_or_else(PoisonError::into_inner);
        match encode(&mut text, &registry) {
            Ok(()) => text,
            Err(error) => format!("# the metrics cannot be written: {error}\n# EOF\n"),
        }
    }

    /// Records read, in committed transactions.
    pub fn read(&self, service: &'static str, records: u64) {
        self.0.read.get_or_create(&Of { service }).inc_by(records);
    }

    /// Records read that led to output, and records written for them.
    pub fn out(&self, service: &'static str, records: u64, emitted: u64) {
        self.0.out.get_or_create(&Of { service }).inc_by(records);
        self.0.emitted.get_or_create(&Of { service }).inc_by(emitted);
    }

    /// Records that had been seen before.
    pub fn duplicate(&self, service: &'static str, records: u64) {
        self.0.duplicate.get_or_create(&Of { service }).inc_by(records);
    }

    /// Records that led to nothing, by reason.
    pub fn filtered(&self, service: &'static str, reason: &str, records: u64) {
        self.0
            .filtered
            .get_or_create(&self.of_reason(service, reason))
            .inc_by(records);
    }

    /// Dead letters, by reason.
    pub fn dead(&self, service: &'static str, reason: &str, records: u64) {
        self.0
            .dead
            .get_or_create(&self.of_reason(service, reason))
            .inc_by(records);
    }

    /// Dead letters, by whose fault they are and who sent the record, as far as that is known.
    pub fn dead_of(
        &self,
        service: &'static str,
        fault: &'static str,
        tenant: Option<&str>,
        source: Option<&str>,
        records: u64,
    ) {
        let (tenant, source) = self.sender(tenant, source);
        let of = OfSender {
            service,
            fault,
            tenant,
            source,
        };
        self.0.dead_by_sender.get_or_create(&of).inc_by(records);
    }

    /// Records that came too late for a rule; the runtime bounds how many rules it tells apart.
    pub fn late(&self, service: &'static str, rule: &str, records: u64) {
        let rule = rule.to_owned();
        self.0
            .late
            .get_or_create(&OfRule { service, rule })
            .inc_by(records);
    }

    /// Records whose time was replaced, because it was ahead of the broker's.
    pub fn time_corrected(&self, service: &'static str, records: u64) {
        if records > 0 {
            self.0
                .time_corrected
                .get_or_create(&Of { service })
                .inc_by(records);
        }
    }

    fn sender(&self, tenant: Option<&str>, source: Option<&str>) -> (String, String) {
        let name = |name: Option<&str>| {
            let name = name.unwrap_or("unknown");
            name[..name.floor_char_boundary(MAX_NAME)].to_owned()
        };
        let sender = (name(tenant), name(source));
        let mut known = self.0.senders.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = known.contains(&sender) || (known.len() < MAX_SENDERS && known.insert(sender.clone()));
        if fits {
            sender
        } else {
            (OTHER.to_owned(), OTHER.to_owned())
        }
    }

    /// A commit, and how long it took.
    pub fn commit(&self, service: &'static str, seconds: f64) {
        self.transaction(service, TransactionOutcome::Committed);
        self.0
            .commit_seconds
            .get_or_create(&Of { service })
            .observe(seconds);
    }

    /// How many tasks of a lane are quarantined.
    pub fn quarantined(&self, service: &'static str, lane: u16, tasks: usize) {
        let tasks = i64::try_from(tasks).unwrap_or(i64::MAX);
        self.0
            .quarantined
            .get_or_create(&OfLane { service, lane })
            .set(tasks);
    }

    /// The end of a transaction.
    pub fn transaction(&self, service: &'static str, outcome: TransactionOutcome) {
        let reason = match outcome {
            TransactionOutcome::Committed => "committed",
            TransactionOutcome::Aborted => "aborted",
        };
        self.0
            .transactions
            .get_or_create(&self.of_reason(service, reason))
            .inc();
    }

    /// Records of a topic that a service has still to read, and how long the oldest of them has waited.
    pub fn lag(&self, service: &'static str, topic: &'static str, records: i64, seconds: f64) {
        let of = OfTopic { service, topic };
        self.0.lag.get_or_create(&of).set(records);
        self.0.lag_seconds.get_or_create(&of).set(seconds);
    }

    /// When the lag was measured, in seconds since 1970.
    pub fn lag_measured(&self, at: f64) {
        self.0.lag_measured.set(at);
    }

    /// How far a lane is with its changelogs: records read, records to read at most, and how long the rest takes.
    pub fn restore(&self, service: &'static str, lane: u16, read: u64, of: u64, seconds_left: f64) {
        let inner = &self.0;
        let lane = OfLane { service, lane };
        let records = |count| i64::try_from(count).unwrap_or(i64::MAX);
        inner.restored.get_or_create(&lane).set(records(read));
        inner.restore_total.get_or_create(&lane).set(records(of));
        inner.restore_left.get_or_create(&lane).set(seconds_left);
    }

    /// How many events rules on trial matched since the start, or would have changed in this way.
    pub fn rules_on_trial(&self, service: &'static str, change: &'static str, events: u64) {
        let reason = change.to_owned();
        self.0
            .rules_on_trial
            .get_or_create(&OfReason { service, reason })
            .set(i64::try_from(events).unwrap_or(i64::MAX));
    }

    /// Whether a watched file of a service is refused at present, so that an older version is in use.
    pub fn reload_failed(&self, service: &'static str, failed: bool) {
        self.0
            .reload_failed
            .get_or_create(&Of { service })
            .set(failed.into());
    }

    /// One call to the outside world: how it ended (a code of few values) and how long it took.
    pub fn outbound(&self, service: &'static str, outcome: &str, seconds: f64) {
        self.0
            .outbound
            .get_or_create(&self.of_reason(service, outcome))
            .inc();
        self.0
            .outbound_seconds
            .get_or_create(&Of { service })
            .observe(seconds);
    }

    /// How many sources this process polled last in vain.
    pub fn sources_failing(&self, sources: usize) {
        self.0
            .sources_failing
            .set(i64::try_from(sources).unwrap_or(i64::MAX));
    }

    fn of_reason(&self, service: &'static str, reason: &str) -> OfReason {
        let mut known = self.0.reasons.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = known.contains(reason) || (known.len() < MAX_REASONS && known.insert(reason.to_owned()));
        OfReason {
            service,
            reason: if fits { reason.to_owned() } else { OTHER.to_owned() },
        }
    }
}

impl Inner {
    fn register(&self) {
        let mut registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        let r = &mut *registry;
        register(r, "build_info", self.build_info.clone());
        register(r, "ready", self.ready.clone());
        register(r, "parts", self.parts.clone());
        register(r, "records_read", self.read.clone());
        register(r, "records_out", self.out.clone());
        register(r, "records_emitted", self.emitted.clone());
        register(r, "records_duplicate", self.duplicate.clone());
        register(r, "records_filtered", self.filtered.clone());
        register(r, "records_dead", self.dead.clone());
        register(r, "dead_letters_by_sender", self.dead_by_sender.clone());
        register(r, "records_late", self.late.clone());
        register(r, "records_time_corrected", self.time_corrected.clone());
        register(r, "transactions", self.transactions.clone());
        register(r, "commit", self.commit_seconds.clone());
        register(r, "lag_records", self.lag.clone());
        register(r, "lag", self.lag_seconds.clone());
        register(r, "lag_measured_timestamp", self.lag_measured.clone());
        register(r, "quarantined_tasks", self.quarantined.clone());
        register(r, "restored_records", self.restored.clone());
        register(r, "restore_total_records", self.restore_total.clone());
        register(r, "restore_left", self.restore_left.clone());
        register(r, "rules_on_trial_events", self.rules_on_trial.clone());
        register(r, "reload_failed", self.reload_failed.clone());
        register(r, "outbound_calls", self.outbound.clone());
        register(r, "outbound", self.outbound_seconds.clone());
        register(r, "sources_failing", self.sources_failing.clone());
        r.register_collector(Box::new(process::Process));
        r.register_collector(Box::new(self.listeners.clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_shown_by_service_reason_and_topic_only() {
        let metrics = Metrics::new();
        metrics.read("scorer", 5);
        metrics.out("scorer", 3, 4);
        metrics.filtered("scorer", "unscored", 2);
        metrics.lag("scorer", "events.normalized", 7, 1.5);
        metrics.restore("detector", 0, 5, 20, 3.0);
        metrics.commit("scorer", 0.003);
        metrics.transaction("scorer", TransactionOutcome::Aborted);
        let text = metrics.text();
        for line in [
            "sluicebox_records_read_total{service=\"scorer\"} 5",
            "sluicebox_records_emitted_total{service=\"scorer\"} 4",
            "sluicebox_records_filtered_total{service=\"scorer\",reason=\"unscored\"} 2",
            "sluicebox_lag_records{service=\"scorer\",topic=\"events.normalized\"} 7",
            "sluicebox_lag_seconds{service=\"scorer\",topic=\"events.normalized\"} 1.5",
            "sluicebox_restored_records{service=\"detector\",lane=\"0\"} 5",
            "sluicebox_restore_left_seconds{service=\"detector\",lane=\"0\"} 3.0",
            "sluicebox_commit_seconds_count{service=\"scorer\"} 1",
            "# EOF",
        ] {
            assert!(text.contains(line), "{line} not in {text}");
        }
    }

    /// One series of every instrument.
    fn of_everything() -> Metrics {
        let metrics = Metrics::new();
        metrics.build("0.1.0", "abc 2026-01-01");
        metrics.health(&crate::Health::default().report());
        metrics.read("scorer", 5);
        metrics.out("scorer", 3, 4);
        metrics.duplicate("scorer", 1);
        metrics.filtered("scorer", "unscored", 2);
        metrics.dead("scorer", "undecodable", 1);
        metrics.dead_of("scorer", "producer", Some("acme"), None, 1);
        metrics.late("detector", "logins", 1);
        metrics.time_corrected("normalizer", 1);
        metrics.commit("scorer", 0.003);
        metrics.lag("scorer", "events.normalized", 7, 1.5);
        metrics.lag_measured(1.0);
        metrics.quarantined("scorer", 0, 1);
        metrics.restore("detector", 0, 5, 20, 3.0);
        metrics.rules_on_trial("scorer", "raised", 1);
        metrics.reload_failed("scorer", true);
        metrics.outbound("enricher", "ok", 0.1);
        metrics.sources_failing(1);
        metrics.listener("ops", listen::Figures::default());
        metrics
    }

    /// Families of the text by name: kind, help, and the labels of their series without those of histograms.
    fn families(text: &str) -> std::collections::BTreeMap<String, (String, String, BTreeSet<String>)> {
        let mut families = std::collections::BTreeMap::new();
        for line in text.lines() {
            if let Some((name, help)) = line.strip_prefix("# HELP ").and_then(|rest| rest.split_once(' ')) {
                let help = help.trim_end_matches('.').to_owned();
                families.insert(name.to_owned(), (String::new(), help, BTreeSet::new()));
            } else if let Some((name, kind)) =
                line.strip_prefix("# TYPE ").and_then(|rest| rest.split_once(' '))
            {
                families.get_mut(name).unwrap().0 = kind.to_owned();
            } else if !line.starts_with('#') {
                let (name, labels) = line.split_once(['{', ' ']).unwrap();
                let family = families
                    .iter_mut()
                    .filter(|(family, _)| name.starts_with(family.as_str()));
                let family = family.max_by_key(|(family, _)| family.len()).unwrap().1;
                let labels = labels
                    .split("=\"")
                    .filter_map(|part| part.rsplit([',', '{', '"']).next());
                let labels = labels.filter(|label| label.chars().all(|c| c.is_ascii_lowercase() || c == '_'));
                family.2.extend(
                    labels
                        .filter(|label| *label != "le" && !label.is_empty())
                        .map(str::to_owned),
                );
            }
        }
        families
    }

    #[test]
    fn what_is_shown_is_what_the_table_says_and_nothing_else() {
        let text = of_everything().text();
        let shown = families(&text);
        for row in &INSTRUMENTS {
            let (kind, help, labels) = shown
                .get(&row.family())
                .unwrap_or_else(|| panic!("{row:?}\n{text}"));
            assert_eq!(help, row.help);
            assert_eq!(*kind, format!("{:?}", row.kind).to_lowercase(), "{row:?}");
            let wanted: BTreeSet<String> = row.labels.iter().map(|label| (*label).to_owned()).collect();
            assert_eq!(*labels, wanted, "{row:?}\n{text}");
        }
        assert_eq!(shown.len(), INSTRUMENTS.len(), "{text}");
    }

    #[test]
    fn a_part_that_failed_is_counted() {
        let (health, metrics) = (crate::Health::default(), Metrics::new());
        health.component("scorer-0").failed("a changelog is missing");
        health.component("scorer-1").ready("");
        metrics.health(&health.report());
        let text = metrics.text();
        for line in [
            "sluicebox_ready 0",
            "sluicebox_parts{state=\"failed\"} 1",
            "sluicebox_parts{state=\"ready\"} 1",
        ] {
            assert!(text.contains(line), "{line} not in {text}");
        }
    }

    #[test]
    fn a_stranger_cannot_fill_the_metrics_with_names_of_sources() {
        let metrics = Metrics::new();
        for source in 0..1_000 {
            let source = format!("{source}{}", "é".repeat(1_000));
            metrics.dead_of("normalizer", "producer", Some("acme"), Some(&source), 1);
        }
        metrics.dead_of("normalizer", "ours", None, None, 1);
        let text = metrics.text();
        let lines = text
            .lines()
            .filter(|line| line.starts_with("sluicebox_dead_letters_by_sender_total{"));
        let lines: Vec<_> = lines.collect();
        assert_eq!(lines.len(), MAX_SENDERS + 2, "{lines:?}");
        assert!(lines.iter().all(|line| line.len() < 300));
        let others = "fault=\"producer\",tenant=\"other\",source=\"other\"} 936";
        assert!(text.contains(others), "{text}");
    }

    #[test]
    fn the_process_shows_its_memory_and_cpu() {
        let text = Metrics::new().text();
        let memory = text
            .lines()
            .find_map(|line| line.strip_prefix("sluicebox_process_resident_memory_bytes "));
        assert!(memory.unwrap().parse::<u64>().unwrap() > 1 << 20, "{text}");
        assert!(text.contains("sluicebox_process_cpu_seconds_total "), "{text}");
    }

    #[test]
    fn reasons_beyond_the_bound_are_counted_together() {
        let metrics = Metrics::new();
        for reason in 0..1000 {
            metrics.dead("sink", &reason.to_string(), 1);
        }
        let text = metrics.text();
        assert_eq!(
            text.matches("sluicebox_records_dead_total{").count(),
            MAX_REASONS + 1
        );
        assert!(text.contains("reason=\"other\"} 872"), "{text}");
    }
}
