//! A stage in a lane: each record is decided as it comes.

use super::{
    Carried, Decoded, Offered, Settler, Settling, Waiting, Work, context, decode, panicked, wall_clock,
};
use crate::config::LaneConfig;
use crate::fault::Fault;
use crate::host::Instant;
use crate::kafka::{Kafka, RecordOf};
use crate::lane::{Outbox, Running, Tasks};
use crate::names::Names;
use ::stage::{Applied, Cx, Emit, Output, Poison, Stage, Stores, Task, take_back};
use model::{Decoder, Millis};
use rdkafka::message::Headers;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;
use telemetry::TraceContext;

/// The limit is that of the changelog's topic. Strangers decide how many records count for one key, so it is nobody's
/// fault here: else they could stop a partition.
const STATE_TOO_LARGE: &str =
    "what is kept of this and earlier records is too large for a record of the changelog";
/// How often tasks are told the time.
const TELL_TIME: Duration = Duration::from_millis(50);

/// What a stage decided about a record, and what it counts of it beside that.
struct Decision<O> {
    applied: Applied<O>,
    late: Vec<String>,
    time_corrected: bool,
}

impl<O> Decision<O> {
    /// Of a record that the stage was not shown, or that it did not survive.
    const fn of(verdict: Result<Emit<O>, Poison>) -> Self {
        Self {
            applied: (verdict, Vec::new()),
            late: Vec::new(),
            time_corrected: false,
        }
    }
}

/// A stage and what it needs to read.
pub(crate) struct StageWork<'a, S> {
    stage: S,
    decoder: Decoder,
    settler: Settler<'a>,
    config: &'a LaneConfig,
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
        outbox: &mut Outbox<impl Kafka>,
    ) -> Result<bool, Fault> {
        let heard = running.heard();
        let steady = Millis::try_from(self.began.elapsed().as_millis()).unwrap_or(Millis::MAX);
        let Some(timers) = running.stores.timers() else {
            return Ok(false);
        };
        if !timers.tell_time(wall, steady, heard) {
            return Ok(false);
        }
        let (stage, stores) = (&mut self.stage, &mut running.stores);
        let fire = || ::stage::fire(stage, stores, Some(wall));
        let fired = catch_unwind(AssertUnwindSafe(fire)).map_err(|_| {
            let why = panicked("firing a timer");
            Fault::halt(format!("{:?}: {why}", running.task)).of_task(running.task)
        })?;
        write_fired(&self.config.names, &fired, running, outbox)?;
        Ok(true)
    }

    fn not_now(&mut self, task: Task, why: String) -> Offered {
        self.waiting.not_now(task, why, self.began.elapsed());
        Offered::NotNow
    }

    /// What becomes of a record; `Err` why it cannot be told yet.
    fn decide(
        &mut self,
        cx: &Cx<'_>,
        carried: Carried<'_, impl Headers>,
        running: &mut Running<S::Stores>,
    ) -> Result<Decision<S::Out>, String> {
        match decode(cx, carried, &mut self.decoder) {
            Decoded::Input(input) => Ok(self.apply(input, cx, running)),
            Decoded::Tombstone => Ok(Decision::of(Ok(Emit::Filtered("tombstone")))),
            Decoded::Dead(poison) => Ok(Decision::of(Err(poison))),
            // A registry that is away is not the record's fault.
            Decoded::NotNow(why) => Err(why),
        }
    }

    /// A record that makes the stage panic may have left half of its changes in the stores.
    fn apply(&mut self, input: S::In, cx: &Cx<'_>, running: &mut Running<S::Stores>) -> Decision<S::Out> {
        let (stage, stores) = (&mut self.stage, &mut running.stores);
        let apply = || ::stage::apply_and_fire(stage, input, stores, cx);
        let Ok(applied) = catch_unwind(AssertUnwindSafe(apply)) else {
            take_back(&mut running.stores);
            let _ = self.stage.late();
            return Decision::of(Err(panicked("applying the record")));
        };
        Decision {
            applied,
            late: self.stage.late(),
            time_corrected: self.stage.time_corrected(),
        }
    }
}

/// Writes what timers led to. Its trace is made from where the task stands, so that a repetition has the same.
fn write_fired<S: Stores, O: Output>(
    names: &Names,
    fired: &[O],
    running: &mut Running<S>,
    outbox: &mut Outbox<impl Kafka>,
) -> Result<(), Fault> {
    if fired.is_empty() {
        return Ok(());
    }
    let Task { topic, partition } = running.task;
    let place = TraceContext::of_record(names.topic(topic), partition, running.next.unwrap_or_default());
    let trace = place.child("timer", partition, running.next.unwrap_or_default());
    let written = outbox.send_all(running.task, fired, &trace)?;
    let refused = |why| Fault::halt(format!("what a timer led to cannot be written: {why}"));
    written.map_err(|why| refused(why).of_task(running.task))?;
    running.pending.emitted += fired.len() as u64;
    running.pending.count_topics(fired);
    Ok(())
}

impl<S: Stage, K: Kafka> Work<K> for StageWork<'_, S> {
    type Stores = S::Stores;

    fn take(
        &mut self,
        message: &RecordOf<'_, K>,
        task: &mut Running<S::Stores>,
        outbox: &mut Outbox<K>,
    ) -> Result<Offered, Fault> {
        let Some(cx) = context(self.config, message) else {
            return Ok(Offered::Taken);
        };
        let carried = Carried::of(message);
        let decision = match self.decide(&cx, carried, task) {
            Ok(decision) => decision,
            Err(why) => return Ok(self.not_now(task.task, why)),
        };
        let (mut verdict, fired) = decision.applied;
        if task
            .outgrows_changelog()
            .map_err(|error| Fault::halt(error.to_string()).of_task(task.task))?
        {
            take_back(&mut task.stores);
            verdict = Err(Poison::producer("state_too_large", STATE_TOO_LARGE));
        }
        match self.settler.settle(&cx, carried, verdict, task, outbox)? {
            Settling::Done => write_fired(&self.config.names, &fired, task, outbox)?,
            Settling::Buried => {}
            Settling::TooMany(why) => return Ok(Offered::Never(why)),
        }
        for rule in decision.late {
            task.pending.count_late(&rule);
        }
        task.pending.time_corrected += u64::from(decision.time_corrected);
        self.waiting.taken(task.task);
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
    }

    fn retry(&mut self, task: Task) {
        self.settler.retry(task);
    }

    fn forget(&mut self) {
        self.waiting.forget();
    }

    /// Timers of the wall clock, and watermarks of partitions that bring no records.
    fn turn(&mut self, tasks: &mut Tasks<S::Stores>, outbox: &mut Outbox<K>) -> Result<Vec<Task>, Fault> {
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
