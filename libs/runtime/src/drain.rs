//! A lane whose output is a store outside Kafka: rows and offsets in one transaction of that store.

use crate::config::LaneConfig;
use crate::fault::Fault;
use crate::lane::{Ended, Intake, Membership};
use crate::observer::{Committed, LaneState};
use crate::work::{self, Carried, Decoded};
use model::Decoder;
use rdkafka::message::BorrowedMessage;
use stage::{Advance, Batch, Cx, Drain, DrainError, Drained, FlowCounts, Task};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;

/// Most records of a batch, and how long a batch may grow while records keep coming.
const MOST_RECORDS: usize = 4_000;
const MOST_BYTES: usize = 16 * 1024 * 1024;
const GREATEST_AGE: Duration = Duration::from_millis(100);
const QUIET: Duration = Duration::from_millis(5);
const IDLE_WAIT: Duration = Duration::from_millis(50);
const TRY_AGAIN: Duration = Duration::from_millis(500);

/// A draining lane.
pub(crate) struct DrainLane<'a, D: Drain> {
    config: &'a LaneConfig,
    drain: &'a mut D,
    intake: Intake,
    decoder: Decoder,
    handle: Handle,
    /// The next offset of each task that is ours, as stored.
    stored: BTreeMap<Task, i64>,
}

impl<'a, D: Drain> DrainLane<'a, D> {
    pub(crate) fn connect(config: &'a LaneConfig, drain: &'a mut D, handle: Handle) -> Result<Self, Fault> {
        let intake = Intake::new(&config.consumer, config.names.clone())?;
        let decoder = Decoder::new(Arc::clone(&config.schemas));
        Ok(Self {
            config,
            drain,
            intake,
            decoder,
            handle,
            stored: BTreeMap::new(),
        })
    }

    /// Runs until it is stopped, or cannot go on.
    pub(crate) fn run(mut self) -> Ended {
        loop {
            match self.turn() {
                Ok(true) => {}
                Ok(false) => return Ended::Stopped,
                Err(fault) => {
                    tracing::warn!(stage = %self.config.names.stage, recovery = ?fault.recovery, "{fault}");
                    return match fault.recovery {
                        crate::fault::Recovery::Halt => Ended::Halted(fault.message),
                        _ => Ended::Rebuild(fault.message),
                    };
                }
            }
        }
    }

    /// One batch; `false` when the lane was asked to stop.
    fn turn(&mut self) -> Result<bool, Fault> {
        while let Some(membership) = self.intake.membership() {
            self.heed(membership)?;
        }
        if self.config.stop.is_set() {
            return Ok(false);
        }
        let mut batch = Gathered::default();
        self.gather(&mut batch)?;
        if !batch.records.is_empty() && !self.intake.has_news() {
            self.store(batch)?;
        } else if !batch.records.is_empty() {
            return Err(Fault::rebuild("the group changed while a batch was gathered"));
        }
        Ok(true)
    }

    fn heed(&mut self, membership: Membership) -> Result<(), Fault> {
        match membership {
            Membership::Assigned(tasks) => {
                let positions = self.positions(&tasks)?;
                for (task, position) in tasks.iter().zip(&positions) {
                    self.stored.insert(*task, position.unwrap_or_default());
                }
                let from: Vec<_> = tasks.into_iter().zip(positions).collect();
                self.intake.take_up(&from)?;
            }
            Membership::Revoked(tasks) => tasks.iter().for_each(|task| {
                self.stored.remove(task);
            }),
            Membership::Lost(_) => return Err(Fault::rebuild("the group gave its partitions away")),
            Membership::Broken(why) => return Err(Fault::rebuild(why)),
        }
        self.config.report(&LaneState::Running {
            tasks: self.stored.len(),
        });
        Ok(())
    }

    fn positions(&mut self, tasks: &[Task]) -> Result<Vec<Option<i64>>, Fault> {
        loop {
            match self.handle.block_on(self.drain.take_over(tasks)) {
                Ok(positions) => return Ok(positions),
                Err(DrainError::Away(why)) => self.wait(why)?,
                Err(error) => return Err(Fault::halt(error.to_string())),
            }
        }
    }

    fn wait(&self, why: String) -> Result<(), Fault> {
        tracing::warn!(stage = %self.config.names.stage, why, "waiting for the store");
        self.config.report(&LaneState::Waiting(why));
        if self.config.stop.is_set() {
            return Err(Fault::rebuild("stopping while the store is away"));
        }
        std::thread::sleep(TRY_AGAIN);
        Ok(())
    }

    fn gather(&mut self, batch: &mut Gathered<D::In>) -> Result<(), Fault> {
        let mut began = None;
        loop {
            let wait = if began.is_some() { QUIET } else { IDLE_WAIT };
            let Some(message) = self.intake.poll(wait)? else {
                return Ok(());
            };
            let began = *began.get_or_insert_with(Instant::now);
            let decoder = &mut self.decoder;
            batch.add(self.config, decoder, &self.stored, &message)?;
            let full = batch.records.len() >= MOST_RECORDS || batch.bytes >= MOST_BYTES;
            if full || began.elapsed() >= GREATEST_AGE || self.intake.has_news() {
                return Ok(());
            }
        }
    }

    fn store(&mut self, batch: Gathered<D::In>) -> Result<(), Fault> {
        let began = Instant::now();
        let advances: Vec<Advance> = batch.advances.into_values().collect();
        let stored = self.drain.store(Batch {
            records: batch.records,
            advances: advances.clone(),
        });
        match self.handle.block_on(stored) {
            Ok(()) => {}
            // The batch is gone into the attempt; it is read again from the stored offsets.
            Err(DrainError::Away(why)) => {
                self.wait(why.clone())?;
                return Err(Fault::rebuild(why));
            }
            Err(DrainError::Moved(why)) => return Err(Fault::rebuild(why)),
            Err(DrainError::Fatal(why)) => return Err(Fault::halt(why)),
        }
        let mut progress = Vec::new();
        for advance in &advances {
            let committed = Committed {
                stage: self.config.names.stage,
                counts: &advance.counts,
                took: began.elapsed(),
            };
            self.config.observer.committed(&committed);
            self.stored.insert(advance.task, advance.to);
            progress.push((advance.task, advance.to));
        }
        self.intake.show_progress(&progress);
        Ok(())
    }
}

/// A batch that grows.
struct Gathered<I> {
    records: Vec<Drained<I>>,
    advances: BTreeMap<Task, Advance>,
    bytes: usize,
}

impl<I> Default for Gathered<I> {
    fn default() -> Self {
        Self {
            records: Vec::new(),
            advances: BTreeMap::new(),
            bytes: 0,
        }
    }
}

impl<I: stage::Input> Gathered<I> {
    fn add(
        &mut self,
        config: &LaneConfig,
        decoder: &mut Decoder,
        stored: &BTreeMap<Task, i64>,
        message: &BorrowedMessage<'_>,
    ) -> Result<(), Fault> {
        let Some(cx) = work::context(&config.names, message) else {
            return Ok(());
        };
        let task = Task {
            topic: cx.topic,
            partition: cx.partition,
        };
        let Some(&from) = stored.get(&task) else {
            return Ok(());
        };
        let next = self.advances.entry(task).or_insert_with(|| Advance {
            task,
            from,
            to: from,
            counts: FlowCounts::default(),
        });
        if cx.offset < next.to {
            return Err(Fault::rebuild(format!(
                "{task:?} came with offset {} twice",
                cx.offset
            )));
        }
        next.to = cx.offset + 1;
        self.bytes += message.payload_len();
        let record = drained(config, decoder, &cx, Carried::of(message), &mut next.counts)?;
        self.records.extend(record);
        Ok(())
    }
}

fn drained<I: stage::Input>(
    config: &LaneConfig,
    decoder: &mut Decoder,
    cx: &Cx<'_>,
    carried: Carried<'_>,
    counts: &mut FlowCounts,
) -> Result<Option<Drained<I>>, Fault> {
    let names = &config.names;
    match work::decode(cx, carried.value, decoder) {
        Decoded::Input(input) => {
            counts.count_out(1);
            let task = Task {
                topic: cx.topic,
                partition: cx.partition,
            };
            let trace_id = Some(work::trace(names, cx).trace_id());
            Ok(Some(Drained::Record {
                input,
                task,
                offset: cx.offset,
                time: cx.time,
                trace_id,
            }))
        }
        Decoded::Tombstone => {
            counts.count_filtered("tombstone");
            Ok(None)
        }
        Decoded::Dead(poison) => {
            counts.count_dead(poison.reason);
            Ok(Some(Drained::Dead(work::dead_letter(names, cx, carried, poison))))
        }
        Decoded::NotNow(why) => Err(Fault::rebuild(why)),
    }
}
