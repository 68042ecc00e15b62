//! An effect in a lane: records are performed beside it, while it goes on taking others.
//!
//! A record that comes is kept in the store of parked records at once, and taken out of it when it is settled. What is
//! settled before its transaction commits never reaches the changelog; what is not is parked by that very commit, so
//! that its offset is passed and others go on. [`queue`] decides what is performed when; this executes it.

mod parked;
mod performers;
mod queue;

use super::{Carried, Decoded, Offered, Settler, Settling, Work, child, context, decode, wall_clock};
use crate::commit_policy::Moment;
use crate::config::LaneConfig;
use crate::fault::Fault;
use crate::host::Instant;
use crate::lane::{Outbox, Running, Tasks};
use ::stage::{Cause, Effect, Emit, Outcome, Part, Poison, Stores, Task};
use model::Decoder;
use parked::{EffectStores, Parked};
use performers::{OutcomeOf, Performance, Performers};
use queue::{Held, Limits, Queue, Started};
use rdkafka::Message;
use rdkafka::message::BorrowedMessage;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;

/// What a task may hold for one part; beyond it its partition is paused, or what comes is given up if the part is away.
const MOST_RECORDS: usize = 4_096;
const MOST_BYTES: usize = 16 * 1024 * 1024;
const TOO_LARGE: &str = "with its headers the record is too large for a record of the changelog";
/// How soon a registry that is away is asked again.
const ASK_AGAIN: Duration = Duration::from_millis(200);
/// How long a lane that is asked to stop waits for what is under way; what takes longer is performed again.
const LINGER: Duration = Duration::from_millis(500);

type RunningOf<E> = Running<EffectStores<<E as Effect>::Stores>>;
type TasksOf<E> = Tasks<EffectStores<<E as Effect>::Stores>>;

/// An effect and what it needs to run.
pub(crate) struct EffectWork<'a, E: Effect> {
    config: &'a LaneConfig,
    decoder: Decoder,
    settler: Settler<'a>,
    effect: Arc<E>,
    queue: Queue,
    performers: Performers<E>,
    /// When the records that are performed were due.
    due: HashMap<Held, Moment>,
    /// The tasks of which the lane knows that they hold too much.
    told_full: BTreeSet<Task>,
    /// The tasks for which something was written in this turn.
    touched: Vec<Task>,
    /// The records that the registry must explain, and why it does not.
    unexplained: BTreeMap<Held, String>,
    /// When the lane was asked to stop; nothing is begun any more.
    stop_asked: Option<Instant>,
    began: Instant,
}

impl<'a, E: Effect> EffectWork<'a, E> {
    /// Performs at most `concurrency` records of each part at once, on the threads of `handle`.
    pub(crate) fn new(effect: Arc<E>, config: &'a LaneConfig, concurrency: usize, handle: Handle) -> Self {
        let limits = Limits {
            performing: concurrency.max(1),
            records: MOST_RECORDS,
            bytes: MOST_BYTES,
        };
        Self {
            config,
            decoder: Decoder::new(Arc::clone(&config.schemas)),
            settler: Settler::new::<E::In>(config),
            effect: Arc::clone(&effect),
            queue: Queue::new(limits),
            performers: Performers::new(effect, handle),
            due: HashMap::new(),
            told_full: BTreeSet::new(),
            touched: Vec::new(),
            unexplained: BTreeMap::new(),
            stop_asked: None,
            began: Instant::now(),
        }
    }

    fn now(&self) -> Moment {
        self.began.elapsed()
    }

    /// Writes what was performed meanwhile, and begins what can be.
    fn go_on(&mut self, tasks: &mut TasksOf<E>, outbox: &mut Outbox) -> Result<(), Fault> {
        while let Some((held, outcome)) = self.performers.next_ended() {
            if let Some(running) = tasks.get_mut(&held.task) {
                self.conclude(held, outcome, running, outbox)?;
            }
        }
        let now = self.now();
        while self.stop_asked.is_none()
            && let Some(started) = self.queue.start(now)
        {
            let task = started.held.task;
            match tasks.get_mut(&task) {
                Some(running) => self.begin(started, running, outbox)?,
                None => self.let_go(task),
            }
        }
        Ok(())
    }

    /// Begins to perform a record; most effects that ask nobody are done at once.
    fn begin(
        &mut self,
        started: Started,
        running: &mut RunningOf<E>,
        outbox: &mut Outbox,
    ) -> Result<(), Fault> {
        let held = started.held;
        let Some(record) = running.stores.parked.get(&held.offset) else {
            return Err(Fault::rebuild(format!("{held:?} is queued but not kept")));
        };
        let cx = record.origin.cx(held.task, held.offset);
        // A broker whose clock is ahead must not end what is kept.
        let present = cx.time.min(wall_clock());
        match decode(&cx, Carried::of_value(&record.value), &mut self.decoder) {
            Decoded::Input(input) => {
                running.stores.each(&mut |store| store.advance(present));
                self.perform(started, input, running, outbox)
            }
            Decoded::Dead(poison) => self.conclude(held, Outcome::Poison(poison), running, outbox),
            // A value is never a tombstone.
            Decoded::Tombstone => {
                self.conclude(held, Outcome::Done(Emit::Filtered("tombstone")), running, outbox)
            }
            // A registry that is away is not the record's fault, nor an attempt.
            Decoded::NotNow(why) => {
                self.queue.retry(held, self.now() + ASK_AGAIN);
                self.unexplained.insert(held, why);
                Ok(())
            }
        }
    }

    fn perform(
        &mut self,
        started: Started,
        input: E::In,
        running: &mut RunningOf<E>,
        outbox: &mut Outbox,
    ) -> Result<(), Fault> {
        let held = started.held;
        self.unexplained.remove(&held);
        let recall = || self.effect.recall(&input, &running.stores.own);
        // What makes it panic makes the attempt panic, and the record a dead letter.
        let memory = catch_unwind(AssertUnwindSafe(recall)).unwrap_or_default();
        let Some(record) = running.stores.parked.get_mut(&held.offset) else {
            return Ok(());
        };
        let performance = Performance {
            held,
            input,
            memory,
            attempt: record.begin_attempt(wall_clock(), started.was_due),
            origin: record.origin.clone(),
        };
        self.due.insert(held, started.due);
        match self.performers.begin(performance) {
            Some(outcome) => self.conclude(held, outcome, running, outbox),
            None => Ok(()),
        }
    }

    /// What came of an attempt goes into the open transaction.
    fn conclude(
        &mut self,
        held: Held,
        outcome: OutcomeOf<E>,
        running: &mut RunningOf<E>,
        outbox: &mut Outbox,
    ) -> Result<(), Fault> {
        match outcome {
            Outcome::Done(emit) => self.settle(held, Ok(emit), running, outbox)?,
            Outcome::Learned(emit, memory) => {
                self.effect.remember(memory, &mut running.stores.own);
                self.settle(held, Ok(emit), running, outbox)?;
            }
            Outcome::Again {
                outputs,
                learned,
                after,
            } => self.again(held, &outputs, learned, after, running, outbox)?,
            Outcome::Poison(poison) => self.settle(held, Err(poison), running, outbox)?,
            Outcome::Retry { after, why, cause } => self.retry(held, after, &why, cause, running),
            Outcome::Wait { after, why } => self.wait(held, after, &why, running),
            Outcome::Fatal(why) => return Err(Fault::halt(why)),
        }
        running.touch();
        if !self.touched.contains(&held.task) {
            self.touched.push(held.task);
        }
        Ok(())
    }

    fn settle(
        &mut self,
        held: Held,
        verdict: Result<Emit<E::Out>, Poison>,
        running: &mut RunningOf<E>,
        outbox: &mut Outbox,
    ) -> Result<(), Fault> {
        match &verdict {
            Ok(_) => self.queue.succeed(held, self.now()),
            Err(_) => self.queue.settle(held),
        }
        self.unexplained.remove(&held);
        self.due.remove(&held);
        let Some(record) = running.stores.parked.take(&held.offset) else {
            return Err(Fault::rebuild(format!("{held:?} was performed but not kept")));
        };
        let (cx, headers) = (record.origin.cx(held.task, held.offset), record.headers());
        let carried = Carried {
            value: Some(&record.value),
            headers: Some(headers.as_borrowed()),
        };
        if let Settling::TooMany(why) = self.settler.settle(&cx, carried, verdict, running, outbox)? {
            return Err(Fault::halt(why).of_task(held.task));
        }
        if is_parked(running, held.offset) && !record.is_standing() {
            running.pending.count_resumed();
        }
        Ok(())
    }

    /// A record is done, and stays to be done again, unless a newer one of its key is there to take its place. What it led to
    /// the first time counts as its outcome, and what it leads to later as emitted.
    fn again(
        &mut self,
        held: Held,
        outputs: &[E::Out],
        learned: Option<E::Memory>,
        after: Duration,
        running: &mut RunningOf<E>,
        outbox: &mut Outbox,
    ) -> Result<(), Fault> {
        let Some(record) = running.stores.parked.get(&held.offset) else {
            return Err(Fault::rebuild(format!("{held:?} was performed but not kept")));
        };
        let trace = child(&self.config.names, &record.origin.cx(held.task, held.offset));
        if let Err(too_large) = outbox.send_all(held.task, outputs, &trace)? {
            let poison = too_large.of_record(record.value.len());
            return self.settle(held, Err(poison), running, outbox);
        }
        if record.is_standing() {
            running.pending.emitted += outputs.len() as u64;
        } else {
            running.pending.count_out(outputs.len() as u64);
            if is_parked(running, held.offset) {
                running.pending.count_resumed();
            }
        }
        running.pending.count_topics(outputs);
        if let Some(memory) = learned {
            self.effect.remember(memory, &mut running.stores.own);
        }
        self.due.remove(&held);
        if self.queue.is_followed(held) {
            self.queue.settle(held);
            running.stores.parked.take(&held.offset);
            return Ok(());
        }
        self.queue.again(held, self.now() + after);
        if let Some(record) = running.stores.parked.get_mut(&held.offset) {
            record.stand(wall_clock(), after);
        }
        Ok(())
    }

    /// An attempt came to nothing. One that was not due leaves the schedule as it is.
    fn retry(&mut self, held: Held, after: Duration, why: &str, cause: Cause, running: &mut RunningOf<E>) {
        tracing::info!(stage = %self.config.names.stage, ?held, ?after, why, "an effect is tried again");
        let now = self.now();
        let Some(record) = running.stores.parked.get_mut(&held.offset) else {
            return;
        };
        let planned = self.due.remove(&held).filter(|_| !record.was_due());
        let due = planned.map_or(now + after, |planned| planned.max(now));
        record.pause(wall_clock(), due.saturating_sub(now));
        match cause {
            Cause::Record => self.queue.retry(held, due),
            Cause::Part { rest } => self.queue.part_failed(held, due, now, rest),
        }
    }

    /// What was not tried is no attempt.
    fn wait(&mut self, held: Held, after: Duration, why: &str, running: &mut RunningOf<E>) {
        tracing::debug!(stage = %self.config.names.stage, ?held, ?after, why, "an effect waits");
        let now = self.now();
        let due = self.due.remove(&held).unwrap_or(now);
        self.queue.part_rests(held, due, now + after);
        if let Some(record) = running.stores.parked.get_mut(&held.offset) {
            record.take_back_attempt();
            record.pause(wall_clock(), due.saturating_sub(now));
        }
    }

    /// A record is given up before it is kept.
    fn give_up(
        &mut self,
        message: &BorrowedMessage<'_>,
        poison: Poison,
        running: &mut RunningOf<E>,
        outbox: &mut Outbox,
    ) -> Result<(), Fault> {
        let Some(cx) = context(self.config, message) else {
            return Ok(());
        };
        let carried = Carried::of(message);
        let verdict = Err::<Emit<E::Out>, _>(poison);
        match self.settler.settle(&cx, carried, verdict, running, outbox)? {
            Settling::Done | Settling::Buried => Ok(()),
            Settling::TooMany(why) => Err(Fault::halt(why).of_task(running.task)),
        }
    }
}

/// A part that is away has as many records waiting as it may: what comes is given up, so that it holds up nobody.
fn backlog_full(part: &Part, waiting: usize) -> Poison {
    let away = part.name().unwrap_or("the outside world");
    Poison::receiver(
        "backlog_full",
        format!(
            "{away} fails, and {waiting} records of this partition wait for it; send this one again with \
             `sluicebox dlq replay` once it is back"
        ),
    )
}

/// Whether an earlier transaction has passed the record and parked it.
fn is_parked<S: Stores>(running: &Running<S>, offset: i64) -> bool {
    running.committed.is_some_and(|next| offset < next)
}

impl<E: Effect> Work for EffectWork<'_, E> {
    type Stores = EffectStores<E::Stores>;

    fn take(
        &mut self,
        message: &BorrowedMessage<'_>,
        running: &mut RunningOf<E>,
        outbox: &mut Outbox,
    ) -> Result<Offered, Fault> {
        let Some(cx) = context(self.config, message) else {
            return Ok(Offered::Taken);
        };
        let Some(value) = message.payload() else {
            running.pending.count_filtered("tombstone");
            return Ok(Offered::Taken);
        };
        let held = Held {
            task: running.task,
            offset: cx.offset,
        };
        let part = self.effect.part(cx.key);
        if let Some(waiting) = self.queue.overflow(held.task, &part) {
            self.give_up(message, backlog_full(&part, waiting), running, outbox)?;
            return Ok(Offered::Taken);
        }
        let record = Parked::new(&cx, value, message.headers());
        if !record.fits_changelog() {
            self.give_up(
                message,
                Poison::producer("state_too_large", TOO_LARGE),
                running,
                outbox,
            )?;
            return Ok(Offered::Taken);
        }
        self.queue.arrive(held, cx.key, part, record.size(), self.now());
        running.stores.parked.put(held.offset, record);
        Ok(Offered::Taken)
    }

    fn turn(&mut self, tasks: &mut TasksOf<E>, outbox: &mut Outbox) -> Result<Vec<Task>, Fault> {
        self.go_on(tasks, outbox)?;
        Ok(std::mem::take(&mut self.touched))
    }

    /// What came in this transaction and is not settled is parked by it.
    fn before_commit(&mut self, tasks: &mut TasksOf<E>, outbox: &mut Outbox) -> Result<(), Fault> {
        self.go_on(tasks, outbox)?;
        self.touched.clear();
        for running in tasks.values_mut() {
            let parked = self.queue.held_since(running.task, running.committed);
            running.pending.count_parked(parked as u64);
        }
        Ok(())
    }

    fn next_change_of_room(&mut self) -> Option<(Task, bool)> {
        let full: BTreeSet<Task> = self.queue.full().collect();
        let task = *full.symmetric_difference(&self.told_full).next()?;
        let is_full = self.told_full.insert(task);
        if !is_full {
            self.told_full.remove(&task);
        }
        Some((task, is_full))
    }

    fn is_busy(&self) -> bool {
        self.queue.performing() > 0
    }

    fn waits_for(&self) -> Option<&str> {
        self.unexplained.values().next().map(String::as_str)
    }

    fn lingers(&mut self) -> bool {
        let asked = *self.stop_asked.get_or_insert_with(Instant::now);
        self.queue.performing() > 0 && asked.elapsed() < LINGER
    }

    /// What is parked is queued anew, with what is left of its pauses.
    fn take_up(&mut self, running: &mut RunningOf<E>) {
        self.effect.take_up(&running.stores.own);
        let (now, wall) = (self.now(), wall_clock());
        let mut parked: Vec<_> = running.stores.parked.iter().collect();
        parked.sort_unstable_by_key(|(offset, _)| **offset);
        for (offset, record) in parked {
            let held = Held {
                task: running.task,
                offset: *offset,
            };
            let (part, left) = (self.effect.part(record.key()), record.pause_left(wall));
            if record.was_tried() && !left.is_zero() {
                self.queue.suspect(&part, now);
            }
            self.queue
                .arrive(held, record.key(), part, record.size(), now + left);
            if record.is_standing() {
                self.queue.stand(held);
            }
        }
    }

    /// What is being performed may come to an end all the same; the next owner performs it again.
    fn let_go(&mut self, task: Task) {
        self.queue.drop_task(task);
        self.performers.drop_task(task);
        self.told_full.remove(&task);
        self.unexplained.retain(|held, _| held.task != task);
        self.due.retain(|held, _| held.task != task);
    }

    fn retry(&mut self, task: Task) {
        self.settler.retry(task);
    }

    fn forget(&mut self) {
        self.queue.clear();
        self.performers.clear();
        self.due.clear();
        self.touched.clear();
        self.unexplained.clear();
    }
}
