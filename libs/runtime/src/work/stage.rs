//! A stage in a lane: each record is decided as it comes.

use super::{Carried, Decoded, Offered, Settler, Waiting, Work, context, decode};
use crate::config::LaneConfig;
use crate::fault::Fault;
use crate::lane::{Outbox, Running, Tasks};
use crate::names::Names;
use ::stage::{Emit, Output, Stage, Stores, Task};
use model::{Decoder, Millis};
use rdkafka::Message;
use rdkafka::message::BorrowedMessage;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use telemetry::TraceContext;

/// How often tasks are told the time.
const TELL_TIME: Duration = Duration::from_millis(50);

/// A stage and what it needs to read.
pub(crate) struct StageWork<'a, S> {
    stage: S,
    decoder: Decoder,
    settler: Settler<'a>,
    names: &'a Names,
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
            settler: Settler::new(config),
            names: &config.names,
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
        write_fired(self.names, &fired, running, outbox)?;
        Ok(true)
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
    written.map_err(|poison| Fault::halt(format!("what a timer led to cannot be written: {poison}")))?;
    running.pending.emitted += fired.len() as u64;
    Ok(())
}

/// The wall clock, in milliseconds since 1970; timers see to it that it never goes back for them.
fn now() -> Millis {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    Millis::try_from(since.unwrap_or_default().as_millis()).unwrap_or(Millis::MAX)
}

impl<S: Stage> Work for StageWork<'_, S> {
    type Stores = S::Stores;

    fn take(
        &mut self,
        message: &BorrowedMessage<'_>,
        task: &mut Running<S::Stores>,
        outbox: &mut Outbox,
    ) -> Result<Offered, Fault> {
        let Some(cx) = context(self.names, message) else {
            return Ok(Offered::Taken);
        };
        let (verdict, fired) = match decode(&cx, message.payload(), &mut self.decoder) {
            Decoded::Input(input) => ::stage::apply_and_fire(&mut self.stage, input, &mut task.stores, &cx),
            Decoded::Tombstone => (Ok(Emit::Filtered("tombstone")), Vec::new()),
            Decoded::Dead(poison) => (Err(poison), Vec::new()),
            // A registry that is away is not the record's fault.
            Decoded::NotNow(why) => {
                self.waiting.not_now(task.task, why, self.began.elapsed());
                return Ok(Offered::NotNow);
            }
        };
        self.waiting.taken(task.task);
        self.settler
            .settle(&cx, Carried::of(message), verdict, task, outbox)?;
        write_fired(self.names, &fired, task, outbox)?;
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

    fn forget(&mut self) {
        self.waiting.forget();
    }

    /// Timers of the wall clock, and watermarks of partitions that bring no records.
    fn turn(&mut self, tasks: &mut Tasks<S::Stores>, outbox: &mut Outbox) -> Result<Vec<Task>, Fault> {
        if self.told_time.elapsed() < TELL_TIME {
            return Ok(Vec::new());
        }
        self.told_time = Instant::now();
        let wall = now();
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
