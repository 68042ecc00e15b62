//! Counters and gauges of a process, in the `OpenMetrics` text format.
//!
//! What labels there are stands in `labels`; the number of reasons, rules and senders is bounded here too.

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
use prometheus_client::registry::{Registry, Unit};

use labels::{Of, OfLane, OfReason, OfRule, OfSender, OfTopic};

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
    quarantined: Family<OfLane, Gauge>,
    restored: Family<OfLane, Gauge>,
    restore_total: Family<OfLane, Gauge>,
    restore_left: Family<OfLane, Gauge<f64, AtomicU64>>,
    reload_failed: Family<Of, Gauge>,
    rules_on_trial: Family<OfReason, Gauge>,
    outbound: Family<OfReason, Counter>,
    outbound_seconds: Family<Of, Histogram>,
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
            registry: Mutex::new(Registry::with_prefix("sluicebox")),
            reasons: Mutex::default(),
            senders: Mutex::default(),
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
            quarantined: Family::default(),
            restored: Family::default(),
            restore_total: Family::default(),
            restore_left: Family::default(),
            reload_failed: Family::default(),
            rules_on_trial: Family::default(),
            outbound: Family::default(),
            outbound_seconds: Family::new_with_constructor(seconds),
            listeners: listeners::Listeners::default(),
        };
        inner.register();
        Self(Arc::new(inner))
    }

    /// Registers metrics of a part's own. Their labels must be bounded.
    pub fn register(&self, add: impl FnOnce(&mut Registry)) {
        add(&mut self.0.registry.lock().unwrap_or_else(PoisonError::into_inner));
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
        r.register(
            "records_read",
            "Records read, in committed transactions",
            self.read.clone(),
        );
        r.register("records_out", "Records read that led to output", self.out.clone());
        r.register("records_emitted", "Records written", self.emitted.clone());
        r.register(
            "records_duplicate",
            "Records that had been seen before",
            self.duplicate.clone(),
        );
        r.register(
            "records_filtered",
            "Records that led to nothing, by reason",
            self.filtered.clone(),
        );
        r.register("records_dead", "Dead letters, by reason", self.dead.clone());
        r.register(
            "dead_letters_by_sender",
            "Dead letters, by whose fault they are and who sent the record",
            self.dead_by_sender.clone(),
        );
        r.register(
            "records_late",
            "Records that came too late for a rule, by rule",
            self.late.clone(),
        );
        r.register(
            "records_time_corrected",
            "Records whose time was replaced, because it was ahead of the broker's",
            self.time_corrected.clone(),
        );
        r.register(
            "transactions",
            "Transactions, by how they ended",
            self.transactions.clone(),
        );
        let commits = self.commit_seconds.clone();
        r.register_with_unit("commit", "Time of a commit", Unit::Seconds, commits);
        r.register(
            "lag_records",
            "Records of a topic still to be read",
            self.lag.clone(),
        );
        let waited = self.lag_seconds.clone();
        r.register_with_unit(
            "lag",
            "Time that the oldest record still to be read has waited",
            Unit::Seconds,
            waited,
        );
        r.register(
            "quarantined_tasks",
            "Tasks that cannot go on until a person has mended what `sluicebox tasks` says",
            self.quarantined.clone(),
        );
        r.register(
            "restored_records",
            "Records of changelogs that the latest restore has read",
            self.restored.clone(),
        );
        r.register(
            "restore_total_records",
            "Records of changelogs that the latest restore has to read, at most",
            self.restore_total.clone(),
        );
        let left = self.restore_left.clone();
        r.register_with_unit(
            "restore_left",
            "Time that the latest restore still takes",
            Unit::Seconds,
            left,
        );
        r.register(
            "rules_on_trial_events",
            "Events that rules in shadow or canary mode matched, and what they would have changed of them",
            self.rules_on_trial.clone(),
        );
        r.register(
            "reload_failed",
            "1 while a watched file is refused",
            self.reload_failed.clone(),
        );
        r.register(
            "outbound_calls",
            "Calls to the outside world, by how they ended",
            self.outbound.clone(),
        );
        let calls = self.outbound_seconds.clone();
        r.register_with_unit(
            "outbound",
            "Time of a call to the outside world",
            Unit::Seconds,
            calls,
        );
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
