//! A batch that grows: records as the store takes them, and how far each task comes with them.

use super::graveyard::{Dead, Graveyard};
use super::standing::Standing;
use crate::config::LaneConfig;
use crate::fault::Fault;
use crate::names::Names;
use crate::observer::Deaths;
use crate::work::{self, Carried, Decoded};
use model::Decoder;
use rdkafka::message::BorrowedMessage;
use stage::{Advance, Cx, Drained, FlowCounts, Task};
use std::collections::BTreeMap;

/// Most records of a batch, and most bytes.
const MOST_RECORDS: usize = 4_000;
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// See the module.
pub(super) struct Gathered<I> {
    pub(super) records: Vec<Drained<I>>,
    /// The letters of those that could not be read.
    pub(super) dead: Vec<Dead>,
    /// What is counted of these.
    pub(super) deaths: Deaths,
    tasks: BTreeMap<Task, Gain>,
    bytes: usize,
}

/// What a batch has of one task.
struct Gain {
    advance: Advance,
    /// The offset of its first record.
    first: i64,
}

/// What became of a record that was offered.
pub(super) enum Offered {
    /// It is in the batch, or leads to nothing.
    Taken(Task),
    /// Its task is not ours.
    NotOurs,
    /// It cannot be read yet, and why: it is the next of its task still.
    NotNow(Task, String),
    /// Its task cannot go on with it until a person has mended something, and why.
    Never(Task, String),
}

impl<I> Default for Gathered<I> {
    fn default() -> Self {
        Self {
            records: Vec::new(),
            dead: Vec::new(),
            deaths: Deaths::new(),
            tasks: BTreeMap::new(),
            bytes: 0,
        }
    }
}

impl<I: stage::Input> Gathered<I> {
    /// Whether no record came, not even one that leads to nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Whether it is to be stored before it grows on.
    pub(super) fn is_full(&self) -> bool {
        self.records.len() + self.dead.len() >= MOST_RECORDS || self.bytes >= MOST_BYTES
    }

    /// How far each task comes with it.
    pub(super) fn advances(&self) -> Vec<Advance> {
        self.tasks.values().map(|gain| gain.advance.clone()).collect()
    }

    /// Where each task began in it: what the store had before, and the first record.
    pub(super) fn beginnings(&self) -> Vec<(Task, i64, i64)> {
        let beginning = |(task, gain): (&Task, &Gain)| (*task, gain.advance.from, gain.first);
        self.tasks.iter().map(beginning).collect()
    }

    /// Takes a record; one of a task that is not ours is left out, and one that cannot be read yet is put back.
    pub(super) fn add(
        &mut self,
        config: &LaneConfig,
        decoder: &mut Decoder,
        standing: &mut Standing,
        graveyard: &mut Graveyard<'_>,
        message: &BorrowedMessage<'_>,
    ) -> Result<Offered, Fault> {
        let Some(cx) = work::context(config, message) else {
            return Ok(Offered::NotOurs);
        };
        let task = Task {
            topic: cx.topic,
            partition: cx.partition,
        };
        let Some(from) = standing.take(task, cx.offset)? else {
            return Ok(Offered::NotOurs);
        };
        let content = match work::decode(&cx, Carried::of(message), decoder) {
            Decoded::NotNow(why) => {
                standing.put_back(task, cx.offset);
                return Ok(Offered::NotNow(task, why));
            }
            Decoded::Dead(poison) => {
                let number = self.tasks.get(&task).map_or(0, |gain| gain.advance.counts.read) + 1;
                if let Some(why) = graveyard.spend(&cx, &poison, number) {
                    standing.put_back(task, cx.offset);
                    return Ok(Offered::Never(task, why));
                }
                Decoded::Dead(poison)
            }
            content => content,
        };
        let gain = self
            .tasks
            .entry(task)
            .or_insert_with(|| Gain::new(task, from, cx.offset));
        if cx.offset < gain.advance.to {
            return Err(Fault::rebuild(format!(
                "{task:?} came with offset {} twice",
                cx.offset
            )));
        }
        let counts = &mut gain.advance.counts;
        match content {
            Decoded::Input(input) => {
                counts.count_out(1);
                self.records.push(drained(&config.names, &cx, task, input));
            }
            Decoded::Dead(poison) => {
                counts.count_dead(poison.reason, poison.blame.fault());
                let (letter, death) = graveyard.letter(&cx, Carried::of(message), poison);
                *self.deaths.entry(death).or_default() += 1;
                let offset = cx.offset;
                self.dead.push(Dead { task, offset, letter });
            }
            Decoded::Tombstone => counts.count_filtered("tombstone"),
            // It was put back before.
            Decoded::NotNow(_) => {}
        }
        gain.advance.to = cx.offset + 1;
        self.bytes += message.payload_len();
        Ok(Offered::Taken(task))
    }
}

impl Gain {
    fn new(task: Task, from: i64, first: i64) -> Self {
        let (to, counts) = (from, FlowCounts::default());
        Self {
            advance: Advance {
                task,
                from,
                to,
                counts,
            },
            first,
        }
    }
}

fn drained<I>(names: &Names, cx: &Cx<'_>, task: Task, input: I) -> Drained<I> {
    Drained {
        input,
        task,
        offset: cx.offset,
        time: cx.time,
        trace_id: Some(work::trace(names, cx).trace_id()),
    }
}
