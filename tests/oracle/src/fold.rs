//! The fold: what a stage has committed is what its pure decision makes of its committed input.
//!
//! Each task (one partition of one input topic) is folded alone, in the order of its offsets, from empty stores.

mod output;
mod state;

pub use state::{nothing_waits, replay};

use crate::{History, OwnSchemas, Place};
use model::{DecodeError, Decoder, Encoder, Fault, Millis};
use runtime::admin::StoredRecord;
use stage::{Cx, Driver, FlowCounts, Input, Output, Poison, Settled, Stage, Wire};
use std::collections::BTreeMap;
use topology::{StageName, Topic};

/// What is put beside a record when it is measured against its topic's limit: key, headers, framing.
const AROUND: usize = 1024;

/// `kafka.max_clock_ahead_ms`, as the services ran with it.
const AHEAD: Millis = 300_000;

/// A store's content: values by key.
pub type Content = BTreeMap<Vec<u8>, Vec<u8>>;

/// One task of a stage, being folded.
pub trait Fold {
    /// What the stage reads.
    type In: Input;
    /// What the stage writes.
    type Out: Output;

    /// Decides about the next record; one whose outputs are not accepted is dead, and leaves nothing behind.
    fn apply(
        &mut self,
        input: Self::In,
        cx: &Cx<'_>,
        accept: impl FnOnce(&[Self::Out]) -> Result<(), Poison>,
    ) -> Settled<Self::Out>;
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

    fn apply(
        &mut self,
        input: S::In,
        cx: &Cx<'_>,
        accept: impl FnOnce(&[S::Out]) -> Result<(), Poison>,
    ) -> Settled<S::Out> {
        self.apply_if(input, cx, accept)
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
    let encoder = Encoder::new(schemas.0);
    for (place_of_topic, topic) in (0..).zip(stage.inputs()) {
        for (partition, records) in history.partitions(topic.name()) {
            let mut task = make();
            for record in records {
                let settled = settled(&mut task, topic, record, &mut decoder, &encoder);
                folded.settle(record, settled, &encoder, &name);
                folded.fire(record, &task.fired(), &encoder, &name);
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

/// Decides about one record; the error is why it cannot be read.
fn settled<F: Fold>(
    task: &mut F,
    topic: Topic,
    record: &StoredRecord,
    decoder: &mut Decoder,
    encoder: &Encoder,
) -> Result<Settled<F::Out>, DecodeError> {
    let headers = headers(record);
    if record.value.is_none() && !model::is_in_headers(&headers) {
        return Ok(Settled::Filtered("tombstone"));
    }
    let input = F::In::decode(&wire(topic, record, &headers), decoder)?;
    let accept = |outputs: &[F::Out]| {
        let due = due_of(record, outputs, encoder, &|_| String::new());
        due.map(|_| ())
            .map_err(|reason| Poison::ours(reason, "as the fold has it"))
    };
    Ok(task.apply(input, &context(topic, record), accept))
}

/// A record's headers, as a stage is shown them.
pub(crate) fn headers(record: &StoredRecord) -> Vec<(&str, Option<&[u8]>)> {
    let each = record.headers.iter();
    each.map(|(name, value)| (name.as_str(), value.as_deref()))
        .collect()
}

/// A record, as a stage is shown it.
pub(crate) fn wire<'a>(topic: Topic, record: &'a StoredRecord, headers: model::Headers<'a>) -> Wire<'a> {
    Wire {
        topic,
        partition: record.partition,
        offset: record.offset,
        value: record.value.as_deref().unwrap_or_default(),
        headers,
    }
}

fn context(topic: Topic, record: &StoredRecord) -> Cx<'_> {
    Cx {
        topic,
        partition: record.partition,
        offset: record.offset,
        time: record.time,
        clock: record
            .written
            .map_or(record.time, |written| record.time.min(written + AHEAD)),
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
    encoder: &Encoder,
    name: &impl Fn(&O) -> String,
) -> Result<Vec<Due>, &'static str> {
    let due = |output: &O| {
        let mut value = Vec::new();
        output.encode(encoder, &mut value);
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
        self.counts.count_dead(reason.unwrap_or("unknown"), Fault::Ours);
        self.dead.push((Place::of(record), reason));
    }

    fn settle<O: Output>(
        &mut self,
        record: &StoredRecord,
        settled: Result<Settled<O>, DecodeError>,
        encoder: &Encoder,
        name: &impl Fn(&O) -> String,
    ) {
        let outputs = match settled {
            Ok(Settled::Out(outputs)) => outputs,
            Ok(Settled::Filtered(reason)) => return self.counts.count_filtered(reason),
            Ok(Settled::Duplicate) => return self.counts.count_duplicate(),
            Ok(Settled::Dead(poison)) => return self.bury(record, Some(poison.reason)),
            Err(error) => return self.bury(record, undecodable(&error)),
        };
        match due_of(record, &outputs, encoder, name) {
            Ok(mut due) => {
                self.counts.count_out(due.len() as u64);
                self.counts.count_topics(&outputs);
                self.due.append(&mut due);
            }
            Err(reason) => self.bury(record, Some(reason)),
        }
    }

    fn fire<O: Output>(
        &mut self,
        record: &StoredRecord,
        fired: &[O],
        encoder: &Encoder,
        name: &impl Fn(&O) -> String,
    ) {
        let mut due = due_of(record, fired, encoder, name).unwrap_or_default();
        self.counts.emitted += due.len() as u64;
        self.counts.count_topics(fired);
        self.due.append(&mut due);
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
