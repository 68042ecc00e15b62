//! The history of the stream by two sets of detection rules: what each would have told.

use super::super::files::{self, Texts};
use super::BacktestArgs;
use crate::app::{self, App};
use crate::commands::shown::rfc3339;
use crate::failure::Failure;
use crate::output::{STRONG, say, styled};
use detector::Replay;
use model::{DecodeError, Decoder, Detection, Event};
use registry::Registry;
use rules::DetectionRules;
use runtime::admin::{Span, StoredRecord};
use serde_json::json;
use settings::{Settings, Watched};
use stage::Cx;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use topology::Topic;

/// Detections that may be named as examples are held in memory, so many of each set of rules at most.
const MOST_IDS: usize = 100_000;

/// One set of rules, with the partitions that it has seen.
struct Side {
    rules: Watched<DetectionRules>,
    partitions: BTreeMap<i32, Replay>,
    /// By rule and state.
    counts: BTreeMap<(String, String), u64>,
    told: BTreeSet<(String, String, i64)>,
}

struct History {
    live: Side,
    candidate: Side,
    decoder: Decoder,
    settings: Settings,
    events: u64,
    undecodable: u64,
    failed: Option<String>,
}

/// Compares the candidate's files with those in use.
pub(super) async fn run(candidate: &Texts, args: &BacktestArgs, app: &App) -> Result<(), Failure> {
    if args.sample.is_some() || args.budget.is_some() {
        let why = "--sample and --budget are for scoring rules: windows need every event; leave them out";
        return Err(Failure::Usage(why.to_owned()));
    }
    let settings = app.settings()?;
    let live = args
        .live
        .clone()
        .unwrap_or_else(|| settings.detector.rules.clone());
    let registry = Registry::connect(&settings.registry)?;
    let admin = app::admin(&settings)?;
    let history = History {
        live: Side::of(&files::read(&live)?)?,
        candidate: Side::of(candidate)?,
        decoder: Decoder::new(Arc::new(registry)),
        settings,
        events: 0,
        undecodable: 0,
        failed: None,
    };
    let (from, to) = (args.from, args.to);
    let history = admin
        .fold(
            Topic::EventsNormalized,
            Span { from, to },
            history,
            |history, record| {
                history.event(&record);
            },
        )
        .await?;
    if let Some(unavailable) = history.failed {
        return Err(Failure::Unreachable(unavailable));
    }
    history.show(args.examples, args.json);
    Ok(())
}

impl Side {
    fn of(texts: &Texts) -> Result<Self, Failure> {
        let rules = files::detections_of(&rules::detection_files(texts))?;
        Ok(Self {
            rules: Watched::fixed(rules),
            partitions: BTreeMap::new(),
            counts: BTreeMap::new(),
            told: BTreeSet::new(),
        })
    }

    fn take(&mut self, event: Event, record: &StoredRecord, settings: &Settings) {
        let rules = &self.rules;
        let partition = self.partitions.entry(record.partition).or_insert_with(|| {
            Replay::new(
                rules,
                settings.detector.allowed_lateness,
                settings.admission.max_ahead,
            )
        });
        let cx = Cx {
            partition: record.partition,
            offset: record.offset,
            ..Cx::at(Topic::EventsNormalized, record.time)
        };
        for found in partition.take(event, &cx) {
            self.count(found);
        }
    }

    fn count(&mut self, found: Detection) {
        let key = (found.rule.clone(), found.state);
        *self.counts.entry(key).or_default() += 1;
        if self.told.len() < MOST_IDS {
            self.told.insert((found.rule, found.subject, found.time));
        }
    }
}

impl History {
    fn event(&mut self, record: &StoredRecord) {
        let Some(value) = record.value.as_deref() else {
            return;
        };
        match self.decoder.decode::<Event>(value) {
            Ok(event) => {
                self.events += 1;
                self.live.take(event.clone(), record, &self.settings);
                self.candidate.take(event, record, &self.settings);
            }
            Err(error @ DecodeError::RegistryUnavailable { .. }) => {
                self.failed.get_or_insert_with(|| error.to_string());
            }
            Err(_) => self.undecodable += 1,
        }
    }

    /// What is told now and would be then, by rule and state.
    fn rows(&self) -> Vec<(&(String, String), u64, u64)> {
        let keys: BTreeSet<_> = self
            .live
            .counts
            .keys()
            .chain(self.candidate.counts.keys())
            .collect();
        let of = |side: &Side, key| side.counts.get(key).copied().unwrap_or_default();
        keys.into_iter()
            .map(|key| (key, of(&self.live, key), of(&self.candidate, key)))
            .collect()
    }

    fn show(&self, examples: usize, as_json: bool) {
        let rows = self.rows();
        if as_json {
            let rules = rows.iter().map(
                |((rule, state), now, then)| json!({"rule": rule, "state": state, "now": now, "then": then}),
            );
            return say(json!({
                "events": self.events,
                "undecodable": self.undecodable,
                "detections": rules.collect::<Vec<_>>(),
            }));
        }
        say(format_args!(
            "{} events, {} that could not be read",
            self.events, self.undecodable
        ));
        say(format_args!(
            "  {:<32} {:<9} {:>10} {:>10}",
            "detection", "state", "now", "then"
        ));
        for ((rule, state), now, then) in rows {
            say(format_args!("  {rule:<32} {state:<9} {now:>10} {then:>10}"));
        }
        tell(
            "gained",
            self.candidate.told.difference(&self.live.told),
            examples,
        );
        tell("lost", self.live.told.difference(&self.candidate.told), examples);
    }
}

fn tell<'a>(what: &str, told: impl Iterator<Item = &'a (String, String, i64)>, examples: usize) {
    for (rule, subject, at) in told.take(examples) {
        let (what, at) = (styled(STRONG, what), rfc3339(*at));
        say(format_args!("{what} {rule} {subject} {at}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = "detections: [{name: calls, type: call, kind: count, at_least: 2, window: 1m, severity: low, description: d}]";

    fn side(rules: &str) -> Side {
        let texts = vec![("r.yml".to_owned(), rules.to_owned())];
        Side::of(&texts).unwrap_or_else(|failure| panic!("{failure}"))
    }

    #[test]
    fn each_partition_has_windows_of_its_own() {
        let mut side = side(RULES);
        for (number, partition) in (0..).zip([0, 1, 0, 1, 1]) {
            let event = Event {
                id: format!("e-{number}"),
                kind: "call".to_owned(),
                subject: "user:1".to_owned(),
                time: number,
                ..Event::default()
            };
            let record = StoredRecord {
                topic: Topic::EventsNormalized.name().to_owned(),
                partition,
                offset: number,
                time: number,
                written: None,
                key: Vec::new(),
                value: None,
                headers: Vec::new(),
            };
            side.take(event, &record, &Settings::default());
        }
        let key = ("calls".to_owned(), Detection::FIRING.to_owned());
        assert_eq!(side.counts, [(key, 2)].into(), "a crossing in each");
        let told: Vec<_> = side.told.iter().map(|(_, _, at)| *at).collect();
        assert_eq!(told, [2, 3]);
    }
}
