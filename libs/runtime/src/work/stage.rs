//! A stage in a lane: each record is decided as it comes.

use super::{
    Carried, Decoded, Offered, Settler, Settling, Waiting, Work, context, decode, panicked, wall_clock,
};
use crate::config::LaneConfig;
use crate::fault::Fault;
use crate::lane::{Outbox, Running, Tasks};
use crate::names::Names;
use ::stage::{Applied, Cx, Emit, Output, Poison, Stage, Stores, Task};
use model::{Decoder, Millis};
use rdkafka::message::BorrowedMessage;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};
use telemetry::TraceContext;

/// How often tasks are told the time.
const TELL_TIME: Duration = Duration::from_millis(50);

/// What is known of a record whose transaction was aborted because of it, for when it comes again.
enum Known {
    /// It can be processed by nobody.
    Dead(Poison),
    /// Its partition stops before it, and why.
    TooMany(String),
}

/// A stage and what it needs to read.
pub(crate) struct StageWork<'a, S> {
    stage: S,
    decoder: Decoder,
    settler: Settler<'a>,
    config: &'a LaneConfig,
    known: BTreeMap<(Task, i64), Known>,
    told_time: Instant,
    /// The tasks whose next record the registry must explain.
    waiting: Waiting,
    began: Instant,
}

impl<'a, S: Stage> StageWork<'a, S> {
    pub(crate) fn new(stage: S, config: &'a LaneConfig) -> Self {
        Self {
            stage,
            decoder: Decoder::new(Arc::clone(&config.schemas)),
            settler: Settler::new::<S::In>(config),
            config,
            known: BTreeMap::new(),
            told_time: Instant::now(),
            waiting: Waiting::default(),
            began: Instant::now(),
        }
    }

    /// Tells one task the time; says whether anything followed from it.
    fn tell_time(
        &mut self,
        wall: Millis,
        running: &mut Running<S::Stores>,
        outbox: &mut Outbox,
    ) -> Result<bool, Fault> {
        let heard = running.heard();
        let Some(timers) = running.stores.timers() else {
            return Ok(false);
        };
        if !timers.tell_time(wall, heard) {
            return Ok(false);
        }
        let fired = ::stage::fire(&mut self.stage, &mut running.stores, Some(wall));
        write_fired(&self.config.names, &fired, running, outbox)?;
        Ok(true)
    }

    /// What becomes of a record; `Err` why it cannot be told yet.
    fn decide(
        &mut self,
        cx: &Cx<'_>,
        carried: Carried<'_>,
        running: &mut Running<S::Stores>,
    ) -> Result<Result<Applied<S::Out>, String>, Fault> {
        let dead = |poison| Ok(Ok((Err(poison), Vec::new())));
        match self.known.get(&(running.task, cx.offset)) {
            Some(Known::Dead(poison)) => return dead(poison.clone()),
            Some(Known::TooMany(why)) => return Ok(Err(why.clone())),
            None => {}
        }
        match decode(cx, carried, &mut self.decoder) {
            Decoded::Input(input) => self.apply(input, cx, running).map(Ok),
            Decoded::Tombstone => Ok(Ok((Ok(Emit::Filtered("tombstone")), Vec::new()))),
            Decoded::Dead(poison) => dead(poison),
            // A registry that is away is not the record's fault.
            Decoded::NotNow(why) => Ok(Err(why)),
        }
    }

    /// A record that makes the stage panic may have left half of its changes in the stores. So everything since the last
    /// commit is done again, without it.
    fn apply(
        &mut self,
        input: S::In,
        cx: &Cx<'_>,
        running: &mut Running<S::Stores>,
    ) -> Result<Applied<S::Out>, Fault> {
        let (stage, stores) = (&mut self.stage, &mut running.stores);
        let apply = || ::stage::apply_and_fire(stage, input, stores, cx);
        let applied = catch_unwind(AssertUnwindSafe(apply)).map_err(|_| {
            let poison = panicked("applying the record");
            let fault = Fault::abort(format!("{:?} at offset {}: {poison}", running.task, cx.offset));
            self.known.insert((running.task, cx.offset), Known::Dead(poison));
            fault
        })?;
        for rule in self.stage.late() {
            running.pending.count_late(&rule);
        }
        running.pending.time_corrected += u64::from(self.stage.time_corrected());
        Ok(applied)
    }
}

/// Writes what timers led to. Its trace is made from where the task stands, so that a repetition has the same.
fn write_fired<S: Stores, O: Output>(
    names: &Names,
    fired: &[O],
    running: &mut Running<S>,
    outbox: &mut Outbox,
) -> Result<(), Fault> {
    if fired.is_empty() {
        return Ok(());
    }
    let Task { topic, partition } = running.task;
    let place = TraceContext::of_record(names.topic(topic), partition, running.next.unwrap_or_default());
    let trace = place.child("timer", partition, running.next.unwrap_or_default());
    let written = outbox.send_all(fired, &trace)?;
    written.map_err(|why| Fault::halt(format!("what a timer led to cannot be written: {why}")))?;
    running.pending.emitted += fired.len() as u64;
    Ok(())
}

impl<S: Stage> Work for StageWork<'_, S> {
    type Stores = S::Stores;

    fn take(
        &mut self,
        message: &BorrowedMessage<'_>,
        task: &mut Running<S::Stores>,
        outbox: &mut Outbox,
    ) -> Result<Offered, Fault> {
        let Some(cx) = context(self.config, message) else {
            return Ok(Offered::Taken);
        };
        let (verdict, fired) = match self.decide(&cx, Carried::of(message), task)? {
            Ok(applied) => applied,
            Err(why) => {
                self.waiting.not_now(task.task, why, self.began.elapsed());
                return Ok(Offered::NotNow);
            }
        };
        self.waiting.taken(task.task);
        let carried = Carried::of(message);
        if let Settling::TooMany(why) = self.settler.settle(&cx, carried, verdict, task, outbox)? {
            tracing::error!(stage = %self.config.names.stage, "{why}");
            let fault = Fault::abort(why.clone());
            self.known.insert((task.task, cx.offset), Known::TooMany(why));
            return Err(fault);
        }
        write_fired(&self.config.names, &fired, task, outbox)?;
        Ok(Offered::Taken)
    }

    fn next_change_of_room(&mut self) -> Option<(Task, bool)> {
        self.waiting.next_change(self.began.elapsed())
    }

    fn waits_for(&self) -> Option<&str> {
        self.waiting.why()
    }

    fn let_go(&mut self, task: Task) {
        self.waiting.let_go(task);
        self.known.retain(|(of, _), _| *of != task);
    }

    fn forget(&mut self) {
        self.waiting.forget();
    }

    /// Timers of the wall clock, and watermarks of partitions that bring no records.
    fn turn(&mut self, tasks: &mut Tasks<S::Stores>, outbox: &mut Outbox) -> Result<Vec<Task>, Fault> {
        if self.told_time.elapsed() < TELL_TIME {
            return Ok(Vec::new());
        }
        self.told_time = Instant::now();
        // Timers see to it that it never goes back for them.
        let wall = wall_clock();
        let mut touched = Vec::new();
        for running in tasks.values_mut() {
            if self.tell_time(wall, running, outbox)? {
                running.touch();
                touched.push(running.task);
            }
        }
        Ok(touched)
    }
}
