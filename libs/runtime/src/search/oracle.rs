//! What must hold at the end of a search: what readers see is the fold of the input, record by record, and nothing else.

use super::broker::{Broker, Place};
use super::log::{Log, Record};
use super::stage::{Count, Event, LARGE, Line};
use crate::metadata::Metadata;
use crate::work::WRITTEN_HEADER;
use model::{Decoder, SchemaLookup, SchemaSource};
use rdkafka::message::{Headers, OwnedHeaders};
use stage::{Cx, Driver, FlowCounts, Input, Poison, Settled, Wire};
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use topology::Topic;

/// A registry that knows nothing; no record here asks it.
pub(super) struct NoSchemas;

impl SchemaSource for NoSchemas {
    fn schema(&self, _: u32) -> SchemaLookup {
        SchemaLookup::Unknown(String::new())
    }
}

/// Where the parts of the stream are.
pub(super) struct Places {
    pub(super) input: String,
    pub(super) output: String,
    pub(super) dead: String,
    pub(super) group: String,
    /// The group that carries notes about tasks.
    pub(super) notes: String,
    /// The changelogs, by store.
    pub(super) changelogs: BTreeMap<&'static str, String>,
    pub(super) partitions: i32,
    /// How far a record's time may be ahead of its writer's clock, ms.
    pub(super) ahead: i64,
}

/// What one partition of the input leads to.
struct Fold {
    driver: Driver<Count>,
    lines: Vec<Line>,
    counts: FlowCounts,
    end: i64,
}

/// The input of a partition, folded one record after the other.
fn fold(log: &Log, partition: i32, ahead: i64) -> Fold {
    let mut fold = Fold {
        driver: Driver::new(Count),
        lines: Vec::new(),
        counts: FlowCounts::default(),
        end: log.end,
    };
    let mut decoder = Decoder::new(Arc::new(NoSchemas));
    for (offset, record) in log.committed() {
        let wire = Wire {
            topic: Topic::EventsScored,
            partition,
            offset,
            value: record.value.as_deref().unwrap_or_default(),
            headers: &[],
        };
        let Ok(event) = Event::decode(&wire, &mut decoder) else {
            fold.counts.count_dead("invalid_cloudevent", model::Fault::Ours);
            continue;
        };
        let cx = Cx {
            clock: record.time.min(written(record) + ahead),
            ..Cx::at(Topic::EventsScored, record.time)
        };
        fold.apply(event, &cx);
    }
    fold
}

fn written(record: &Record) -> i64 {
    let headers = record.headers.as_ref().into_iter().flat_map(OwnedHeaders::iter);
    let mut values = headers
        .filter(|header| header.key == WRITTEN_HEADER)
        .filter_map(|header| header.value);
    let text = values.next().and_then(|value| std::str::from_utf8(value).ok());
    text.and_then(|text| text.parse().ok()).unwrap_or(record.time)
}

impl Fold {
    fn apply(&mut self, event: Event, cx: &Cx<'_>) {
        let Self {
            driver,
            lines,
            counts,
            ..
        } = self;
        let before = driver.fired.len();
        let settled = catch_unwind(AssertUnwindSafe(|| driver.apply_if(event, cx, accept)));
        let Ok(settled) = settled else {
            // Nothing is left of a record that makes the stage panic.
            driver.abort();
            counts.count_dead("panic", model::Fault::Ours);
            return;
        };
        match settled {
            Settled::Out(outputs) => {
                counts.count_out(outputs.len() as u64);
                lines.extend(outputs);
            }
            Settled::Filtered(reason) => counts.count_filtered(reason),
            Settled::Duplicate => counts.count_duplicate(),
            Settled::Dead(Poison { reason, blame, .. }) => counts.count_dead(reason, blame.fault()),
        }
        let fired = driver.fired[before..].to_vec();
        counts.emitted += fired.len() as u64;
        lines.extend(fired);
    }

    /// The state that its changelog should hold, by store.
    fn state(&self, store: &str) -> BTreeMap<Vec<u8>, Vec<u8>> {
        let mut state = BTreeMap::new();
        for (_, key, value) in self.driver.log().iter().filter(|(name, ..)| *name == store) {
            match value {
                Some(value) => state.insert(key.clone(), value.clone()),
                None => state.remove(key),
            };
        }
        state
    }
}

/// What is too large for its topic is our own fault.
fn accept(lines: &[Line]) -> Result<(), Poison> {
    if lines.iter().any(|line| line.says.len() >= LARGE) {
        return Err(Poison::ours("output_too_large", String::new()));
    }
    Ok(())
}

/// Whether every input was read to its end.
pub(super) fn is_done(broker: &mut Broker, places: &Places) -> bool {
    (0..places.partitions).all(|partition| is_read(broker, places, partition))
}

/// Whether one partition of it was.
pub(super) fn is_read(broker: &mut Broker, places: &Places, partition: i32) -> bool {
    let place = (places.input.clone(), partition);
    let end = broker.log(&place).map_or(0, |log| log.end);
    end == committed(broker, places, &place).map_or(0, |(offset, _)| offset)
}

pub(super) fn committed(broker: &mut Broker, places: &Places, place: &Place) -> Option<(i64, String)> {
    broker.group(&places.group).offsets.get(place).cloned()
}

/// The first thing that does not hold.
pub(super) fn judge(broker: &mut Broker, places: &Places) -> Result<(), String> {
    let mut seen = lines_by_subject(broker.topic(&places.output));
    let mut dead = 0;
    for partition in 0..places.partitions {
        let place = (places.input.clone(), partition);
        let log = broker.log(&place).cloned().unwrap_or_default();
        let fold = fold(&log, partition, places.ahead);
        dead += fold.counts.dead.values().sum::<u64>();
        same_lines(&fold.lines, &mut seen)?;
        let (offset, kept) = committed(broker, places, &place).unwrap_or_default();
        if offset != fold.end {
            return Err(format!("{place:?}: read up to {offset} of {}", fold.end));
        }
        let counts = Metadata::read(&kept)?.counts;
        if counts != fold.counts {
            return Err(format!(
                "{place:?}: counted {counts:?} instead of {:?}",
                fold.counts
            ));
        }
        for (store, topic) in &places.changelogs {
            let changelog = broker
                .log(&(topic.clone(), partition))
                .cloned()
                .unwrap_or_default();
            same_state(&changelog, &fold, store).map_err(|why| format!("{topic}-{partition}: {why}"))?;
        }
    }
    if let Some((subject, lines)) = seen.into_iter().next() {
        return Err(format!("nobody asked for {subject}: {lines:?}"));
    }
    let letters = broker.topic(&places.dead).iter().flat_map(Log::committed).count() as u64;
    if letters != dead {
        return Err(format!("{letters} dead letters of {dead} dead records"));
    }
    Ok(())
}

fn lines_by_subject(logs: &[Log]) -> BTreeMap<String, Vec<String>> {
    let mut lines = BTreeMap::<String, Vec<String>>::new();
    for (_, record) in logs.iter().flat_map(Log::committed) {
        let text = |bytes: &Option<Vec<u8>>| {
            String::from_utf8_lossy(bytes.as_deref().unwrap_or_default()).into_owned()
        };
        lines
            .entry(text(&record.key))
            .or_default()
            .push(text(&record.value));
    }
    lines
}

fn same_lines(expected: &[Line], seen: &mut BTreeMap<String, Vec<String>>) -> Result<(), String> {
    let subjects: BTreeSet<&String> = expected.iter().map(|line| &line.subject).collect();
    for subject in subjects {
        let of_it = expected.iter().filter(|line| line.subject == *subject);
        let expected: Vec<&String> = of_it.map(|line| &line.says).collect();
        let seen = seen.remove(subject).unwrap_or_default();
        if seen.iter().collect::<Vec<_>>() != expected {
            return Err(format!("{subject}: wrote {seen:?} instead of {expected:?}"));
        }
    }
    Ok(())
}

/// Tombstones of what is over may come later than in the fold, and until when a key lives depends on what a lane that
/// began anew has seen of the clock.
fn same_state(changelog: &Log, fold: &Fold, store: &str) -> Result<(), String> {
    let mut state = BTreeMap::new();
    for (_, record) in changelog.committed() {
        let key = record.key.clone().unwrap_or_default();
        match &record.value {
            Some(value) => state.insert(key, value.clone()),
            None => state.remove(&key),
        };
    }
    for (key, expected) in fold.state(store) {
        let held = state.remove(&key);
        if held.is_none() || (store != "seen" && held.as_ref() != Some(&expected)) {
            let key = String::from_utf8_lossy(&key);
            return Err(format!("holds {held:?} of {key} instead of {expected:?}"));
        }
    }
    match state.into_iter().next().filter(|_| store != "seen") {
        Some((key, held)) => Err(format!("holds {held:?} of {}", String::from_utf8_lossy(&key))),
        None => Ok(()),
    }
}
