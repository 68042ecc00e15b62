//! The fold: what a stage has committed is what its pure decision makes of its committed input.
//!
//! Each task (one partition of one input topic) is folded alone, in the order of its offsets, from empty stores.

use crate::outbox::{origin, read};
use crate::{History, OwnSchemas, Place, Verdict};
use model::{DeadLetter, DecodeError, Encoder, Millis};
use runtime::admin::StoredRecord;
use serde::Deserialize;
use stage::{Cx, Driver, FlowCounts, Input, Output, Settled, Stage};
use std::collections::{BTreeMap, HashMap, VecDeque};
use topology::{Changelog, StageName, Topic};

/// What is put beside a record when it is measured against its topic's limit: key, headers, framing.
const AROUND: usize = 1024;

/// The store in which the runtime keeps what an effect has not settled.
const PARKED: &str = "parked";

/// A store's content: values by key.
pub type Content = BTreeMap<Vec<u8>, Vec<u8>>;

/// One task of a stage, being folded.
pub trait Fold {
    /// What the stage reads.
    type In: Input;
    /// What the stage writes.
    type Out: Output;

    /// Decides about the next record.
    fn apply(&mut self, input: Self::In, cx: &Cx<'_>) -> Settled<Self::Out>;
    /// What timers by event time led to since the last record; those by the wall clock are not determined.
    fn fired(&mut self) -> Vec<Self::Out> {
        Vec::new()
    }
    /// The stores' contents by name, when all is folded.
    fn stores(self) -> BTreeMap<&'static str, Content>;
}

impl<S: Stage> Fold for Driver<S> {
    type In = S::In;
    type Out = S::Out;

    fn apply(&mut self, input: S::In, cx: &Cx<'_>) -> Settled<S::Out> {
        Self::apply(self, input, cx)
    }

    fn fired(&mut self) -> Vec<S::Out> {
        std::mem::take(&mut self.fired)
    }

    fn stores(self) -> BTreeMap<&'static str, Content> {
        let mut stores: BTreeMap<_, Content> = BTreeMap::new();
        for (store, key, value) in self.log() {
            let content = stores.entry(*store).or_default();
            match value {
                Some(value) => content.insert(key.clone(), value.clone()),
                None => content.remove(key),
            };
        }
        stores
    }
}

/// A record that must have been written.
#[derive(Debug, Clone)]
pub struct Due {
    /// Where to.
    pub topic: Topic,
    /// Its key.
    pub key: Vec<u8>,
    /// Its value.
    pub value: Vec<u8>,
    /// What it is about, for people.
    pub id: String,
    /// The record that led to it.
    pub from: Place,
}

/// What a stage must have committed.
#[derive(Debug, Clone)]
pub struct Folded {
    stage: StageName,
    due: Vec<Due>,
    dead: Vec<(Place, Option<&'static str>)>,
    stores: BTreeMap<(&'static str, i32), Content>,
    ends: BTreeMap<i32, Millis>,
    /// What became of the records, over all tasks.
    pub counts: FlowCounts,
}

/// Folds all committed input of a stage. `make` makes the fold of one task, `name` says what an output is about;
/// `partitions` is how many every topic has.
pub fn fold<F: Fold>(
    history: &History,
    schemas: OwnSchemas,
    stage: StageName,
    partitions: i32,
    mut make: impl FnMut() -> F,
    name: impl Fn(&F::Out) -> String,
) -> Folded {
    let mut folded = Folded {
        stage,
        due: Vec::new(),
        dead: Vec::new(),
        stores: BTreeMap::new(),
        ends: BTreeMap::new(),
        counts: FlowCounts::default(),
    };
    let mut decoder = schemas.decoder();
    let mut encoder = Encoder::new(schemas.0);
    for (place_of_topic, topic) in (0..).zip(stage.inputs()) {
        for (partition, records) in history.partitions(topic.name()) {
            let mut task = make();
            for record in records {
                let cx = context(topic, record);
                let settled = match record.value.as_deref() {
                    None => Settled::Filtered("tombstone"),
                    Some(value) => match F::In::decode(topic, value, &mut decoder) {
                        Ok(input) => task.apply(input, &cx),
                        Err(error) => {
                            folded.bury(record, undecodable(&error));
                            continue;
                        }
                    },
                };
                folded.settle(record, settled, &mut encoder, &name);
                folded.fire(record, &task.fired(), &mut encoder, &name);
            }
            // A stage of several inputs keeps the state of equal partitions apart.
            let at = place_of_topic * partitions + partition;
            folded
                .ends
                .insert(at, records.last().map_or(0, |record| record.time));
            for (store, content) in task.stores() {
                folded.stores.insert((store, at), content);
            }
        }
    }
    folded
}

fn context(topic: Topic, record: &StoredRecord) -> Cx<'_> {
    Cx {
        topic,
        partition: record.partition,
        offset: record.offset,
        time: record.time,
        key: (!record.key.is_empty()).then_some(record.key.as_slice()),
        traceparent: None,
    }
}

/// Our own words for what cannot be read; the stage's must be the same.
const fn undecodable(error: &DecodeError) -> Option<&'static str> {
    match error {
        DecodeError::Unrecognized(_) => Some("undecodable"),
        DecodeError::UnknownSchema { .. } => Some("unknown_schema_id"),
        DecodeError::Malformed { .. } => Some("malformed_avro"),
        DecodeError::Json(_) => Some("invalid_cloudevent"),
        DecodeError::RegistryUnavailable { .. } => None,
    }
}

/// The outputs of one record as they must be written, or why none of them can be.
fn due_of<O: Output>(
    record: &StoredRecord,
    outputs: &[O],
    encoder: &mut Encoder,
    name: &impl Fn(&O) -> String,
) -> Result<Vec<Due>, &'static str> {
    let due = |output: &O| {
        let mut value = Vec::new();
        let encoded = output.encode(encoder, &mut value);
        encoded.map_err(|_| "output_unencodable")?;
        if value.len() + AROUND > output.topic().spec().max_message_bytes as usize {
            return Err("output_too_large");
        }
        Ok(Due {
            topic: output.topic(),
            key: output.key().as_bytes().to_vec(),
            value,
            id: name(output),
            from: Place::of(record),
        })
    };
    outputs.iter().map(due).collect()
}

impl Folded {
    fn bury(&mut self, record: &StoredRecord, reason: Option<&'static str>) {
        self.counts.count_dead(reason.unwrap_or("unknown"));
        self.dead.push((Place::of(record), reason));
    }

    fn settle<O: Output>(
        &mut self,
        record: &StoredRecord,
        settled: Settled<O>,
        encoder: &mut Encoder,
        name: &impl Fn(&O) -> String,
    ) {
        let outputs = match settled {
            Settled::Out(outputs) => outputs,
            Settled::Filtered(reason) => return self.counts.count_filtered(reason),
            Settled::Duplicate => return self.counts.count_duplicate(),
            Settled::Dead(poison) => return self.bury(record, Some(poison.reason)),
        };
        match due_of(record, &outputs, encoder, name) {
            Ok(mut due) => {
                self.counts.count_out(due.len() as u64);
                self.due.append(&mut due);
            }
            Err(reason) => self.bury(record, Some(reason)),
        }
    }

    fn fire<O: Output>(
        &mut self,
        record: &StoredRecord,
        fired: &[O],
        encoder: &mut Encoder,
        name: &impl Fn(&O) -> String,
    ) {
        let mut due = due_of(record, fired, encoder, name).unwrap_or_default();
        self.counts.emitted += due.len() as u64;
        self.due.append(&mut due);
    }

    /// The committed output is the folded one: nothing lost, nothing doubled, nothing changed; in the order of the
    /// input within each task and partition; every key in one partition.
    pub fn output(&self, history: &History) -> Verdict {
        let mut verdict = Verdict::of(format!("{}: output is the fold of its input", self.stage));
        let mut there = self.written(history);
        let mut order: HashMap<_, i64> = HashMap::new();
        for due in &self.due {
            verdict.saw(1);
            let same = there.get_mut(&(due.topic, due.key.as_slice(), due.value.as_slice()));
            let Some(record) = same.and_then(VecDeque::pop_front) else {
                let what = format!("lost: {} of {} is not on {}", due.id, due.from, due.topic.name());
                verdict.wrong(&due.id, Some(due.from.clone()), what);
                continue;
            };
            let from = (due.from.topic.as_str(), due.from.partition);
            let line = (from, due.topic, record.partition, self.line_of(due));
            let before = order.insert(line, record.offset);
            if before.is_some_and(|before| before > record.offset) {
                let what = format!("out of order: of {}, stands before an earlier one", due.from);
                verdict.wrong(&due.id, Some(Place::of(record)), what);
            }
        }
        for record in there.into_values().flatten() {
            let what = format!("written, and not by one fold of the input of {}", self.stage);
            verdict.wrong(self.id_of(record), Some(Place::of(record)), what);
        }
        self.keys_stay(history, &mut verdict);
        verdict
    }

    /// A stage keeps the order of its whole task; an effect that of each key, so that a slow key holds no other.
    fn line_of<'a>(&self, due: &'a Due) -> &'a [u8] {
        match self.stage {
            StageName::Enricher | StageName::NotifierDeliver => &due.key,
            _ => &[],
        }
    }

    fn written<'a>(
        &self,
        history: &'a History,
    ) -> HashMap<(Topic, &'a [u8], &'a [u8]), VecDeque<&'a StoredRecord>> {
        let own = Topic::all()
            .filter(|topic| *topic != Topic::DeadLetters && topic.spec().writers.contains(&self.stage));
        let mut there: HashMap<_, VecDeque<_>> = HashMap::new();
        for topic in own {
            for record in history.topic(topic.name()) {
                let value = record.value.as_deref().unwrap_or_default();
                there
                    .entry((topic, record.key.as_slice(), value))
                    .or_default()
                    .push_back(record);
            }
        }
        there
    }

    fn keys_stay(&self, history: &History, verdict: &mut Verdict) {
        let topics: std::collections::BTreeSet<Topic> = self.due.iter().map(|due| due.topic).collect();
        for topic in topics {
            let mut home: HashMap<&[u8], i32> = HashMap::new();
            for record in history.topic(topic.name()) {
                let first = *home.entry(&record.key).or_insert(record.partition);
                if first != record.partition {
                    let what = format!("its key is in partition {first} too");
                    verdict.wrong(self.id_of(record), Some(Place::of(record)), what);
                }
            }
        }
    }

    /// What a written record is about, as far as the fold knows its key.
    fn id_of(&self, record: &StoredRecord) -> String {
        let known = self
            .due
            .iter()
            .find(|due| due.key == record.key && Some(due.value.as_slice()) == record.value.as_deref());
        known.map_or_else(
            || String::from_utf8_lossy(&record.key).into_owned(),
            |due| due.id.clone(),
        )
    }

    /// The dead letters of the stage are those of the fold, each once, with its reason and the record's bytes.
    pub fn dead_letters(&self, history: &History, schemas: OwnSchemas) -> Verdict {
        let mut verdict = Verdict::of(format!("{}: dead letters are those of the fold", self.stage));
        let mut there: HashMap<Place, Vec<(Place, DeadLetter)>> = HashMap::new();
        for (place, letter) in read::<DeadLetter>(history, Topic::DeadLetters, schemas) {
            if letter.stage == self.stage.as_str() {
                there.entry(origin(&letter)).or_default().push((place, letter));
            }
        }
        for (place, reason) in &self.dead {
            let letters = there.remove(place).unwrap_or_default();
            let source = history
                .partition(&place.topic, place.partition)
                .iter()
                .find(|record| record.offset == place.offset);
            let right = |letter: &DeadLetter| {
                reason.is_none_or(|reason| reason == letter.reason)
                    && source.is_some_and(|source| letter.payload.is_none() || letter.payload == source.value)
            };
            let right = letters.len() == 1 && letters.iter().all(|(_, letter)| right(letter));
            verdict.expect(right, "", Some(place.clone()), || {
                let found: Vec<_> = letters
                    .iter()
                    .map(|(at, letter)| format!("{at} {}", letter.reason))
                    .collect();
                format!(
                    "must have one dead letter ({reason:?}); has: [{}]",
                    found.join(", ")
                )
            });
        }
        for (place, letters) in there {
            verdict.wrong(
                "",
                Some(place),
                format!("{} dead letters for a record that is not dead", letters.len()),
            );
        }
        verdict
    }

    /// The stage's changelogs, replayed, hold the state of the fold.
    pub fn state(&self, history: &History) -> Verdict {
        let mut verdict = Verdict::of(format!(
            "{}: changelogs replay to the state of the fold",
            self.stage
        ));
        for store in self.stage.stores() {
            let topic = Changelog {
                stage: self.stage,
                store,
            }
            .topic_name();
            let mut replayed: BTreeMap<i32, Content> = history
                .partitions(&topic)
                .map(|(partition, records)| (partition, replay(records)))
                .collect();
            for ((_, at), content) in self.stores.range((*store, i32::MIN)..=(*store, i32::MAX)) {
                let found = replayed.remove(at).unwrap_or_default();
                let end = self.ends.get(at).copied().unwrap_or_default();
                compare(&mut verdict, &topic, *at, content, &found, end);
            }
            for (at, found) in replayed {
                compare(&mut verdict, &topic, at, &Content::new(), &found, 0);
            }
        }
        verdict
    }

    /// The records that must have been written, task by task.
    pub fn due(&self) -> &[Due] {
        &self.due
    }

    /// The records that must have become dead letters, with the reason where the fold knows it.
    pub fn dead(&self) -> &[(Place, Option<&'static str>)] {
        &self.dead
    }

    /// What the stores must hold, by store and changelog partition.
    pub const fn stores(&self) -> &BTreeMap<(&'static str, i32), Content> {
        &self.stores
    }

    /// The stage.
    pub const fn stage(&self) -> StageName {
        self.stage
    }
}

/// Nothing is parked any more: what the outside world was asked is answered.
pub fn nothing_waits(history: &History) -> Verdict {
    let mut verdict = Verdict::of("no record waits for the outside world");
    for changelog in Changelog::all().filter(|changelog| changelog.store == PARKED) {
        let topic = changelog.topic_name();
        for (partition, records) in history.partitions(&topic) {
            verdict.saw(records.len());
            for key in replay(records).keys() {
                verdict.wrong(
                    "",
                    None,
                    format!("{topic}-{partition} still holds {}", shown(key)),
                );
            }
        }
    }
    verdict
}

/// The newest value of each key; whether the log was compacted makes no difference.
pub fn replay(records: &[StoredRecord]) -> Content {
    let mut content = Content::new();
    for record in records {
        match &record.value {
            Some(value) => content.insert(record.key.clone(), value.clone()),
            None => content.remove(&record.key),
        };
    }
    content
}

/// What lives for a time is deleted when its task next commits, and that may be earlier or later than in the fold.
#[derive(Deserialize)]
struct Mortal {
    until: Millis,
}

fn is_over(value: &[u8], end: Millis) -> bool {
    rmp_serde::from_slice::<Mortal>(value).is_ok_and(|mortal| mortal.until <= end)
}

fn compare(verdict: &mut Verdict, topic: &str, at: i32, due: &Content, found: &Content, end: Millis) {
    for (key, value) in due {
        verdict.saw(1);
        match found.get(key) {
            Some(there) if there == value => {}
            Some(_) => verdict.wrong(
                shown(key),
                None,
                format!("another value in {topic}-{at} than in the fold"),
            ),
            None if is_over(value, end) => {}
            None => verdict.wrong(shown(key), None, format!("not in {topic}-{at}")),
        }
    }
    for (key, value) in found {
        if !due.contains_key(key) && !is_over(value, end) {
            verdict.wrong(shown(key), None, format!("in {topic}-{at} and not in the fold"));
        }
    }
}

fn shown(key: &[u8]) -> String {
    match std::str::from_utf8(key) {
        Ok(text) => text.to_owned(),
        Err(_) => key.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}
