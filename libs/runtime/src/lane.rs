//! The lane: one thread, one consumer, one transactional producer. It executes what [`crate::protocol`] decides.

#[cfg(feature = "bench")]
mod at_least_once;
mod census;
mod extents;
mod intake;
mod kept;
mod membership;
mod notes;
mod outbox;
mod quarantine;
mod restore;
mod task;
mod transactor;
mod writing;

#[cfg(test)]
pub(crate) use extents::Extent;
pub(crate) use extents::Extents;
pub(crate) use intake::Intake;
pub(crate) use kept::Kept;
pub(crate) use membership::{GroupContext, Membership};
pub(crate) use notes::{Note, write_note};
pub(crate) use outbox::Outbox;
pub(crate) use quarantine::Quarantine;
pub(crate) use task::Running;
pub(crate) use transactor::Deliveries;

use crate::commit_policy::{CommitPolicy, Moment};
use crate::config::LaneConfig;
use crate::fault::{Fault, Fenced, Recovery};
use crate::host::Instant;
use crate::kafka::{Kafka, Librdkafka};
use crate::observer::LaneState;
use crate::protocol::{Command, Event, Protocol};
use crate::work::{Offered, Work};
use rdkafka::Message;
use restore::{Restorer, Word};
use stage::Task;
use std::collections::BTreeMap;
use std::time::Duration;

/// Longest wait for a record; stop requests are seen this late at worst.
const IDLE_WAIT: Duration = Duration::from_millis(50);
/// Longest wait while something else than a record may come: a restored task, an effect that ends.
const BUSY_WAIT: Duration = Duration::from_millis(1);
/// Records that are taken before the protocol is asked again.
const BATCH: u64 = 128;
/// How often the progress of a restore is told.
const TELL: Duration = Duration::from_secs(1);

/// The tasks that run.
pub(crate) type Tasks<S> = BTreeMap<Task, Running<S>>;

/// How a lane ended.
pub(crate) enum Ended {
    /// It was asked to.
    Stopped,
    /// It must begin anew, for this reason.
    Rebuild(Fault),
    /// Somebody must mend what this says.
    Halted(String),
}

/// Records that were taken and not yet told to the protocol.
#[derive(Default)]
struct Taken {
    tasks: Vec<Task>,
    records: u64,
    bytes: u64,
}

impl Taken {
    fn add(&mut self, task: Task, bytes: u64) {
        self.records += 1;
        self.bytes += bytes;
        if self.tasks.last() != Some(&task) && !self.tasks.contains(&task) {
            self.tasks.push(task);
        }
    }

    fn tell(&mut self) -> Option<Event<Task>> {
        if self.records == 0 {
            return None;
        }
        let Self {
            tasks,
            records,
            bytes,
        } = std::mem::take(self);
        Some(Event::Applied {
            tasks,
            records,
            bytes,
        })
    }
}

/// A lane that runs.
pub(crate) struct Lane<'a, W: Work<K>, K: Kafka = Librdkafka> {
    config: &'a LaneConfig,
    work: &'a mut W,
    intake: Intake<K>,
    outbox: Outbox<K>,
    restorer: Restorer<W::Stores>,
    quarantine: Quarantine,
    tasks: Tasks<W::Stores>,
    /// What the lane before this one left.
    kept: Kept<W::Stores>,
    taken: Taken,
    /// The task whose restore the protocol is being told of.
    restored: Option<Running<W::Stores>>,
    protocol: Protocol<Task>,
    began: Instant,
    told: Instant,
    away: bool,
    /// Whether a restore was told last, so that its end is told too.
    told_restore: bool,
    /// What the lane said it waits for.
    told_wait: Option<String>,
    fault: Option<Fault>,
}

impl<'a, W: Work<K>, K: Kafka> Lane<'a, W, K> {
    /// Connects. The producer comes first: it ends what a predecessor left open.
    pub(crate) fn connect(
        config: &'a LaneConfig,
        work: &'a mut W,
        policy: CommitPolicy,
        kept: Kept<W::Stores>,
    ) -> Result<Self, Fault> {
        let (limit, stop, names) = (config.limit, config.stop.clone(), config.names.clone());
        let outbox = Outbox::new(&config.producer, limit, stop, names, config.ids)?;
        let intake = Intake::new(config)?;
        work.forget();
        let now = Instant::now();
        Ok(Self {
            config,
            work,
            intake,
            outbox,
            restorer: Restorer::new(kept.clone()),
            quarantine: Quarantine::new::<K>(config),
            tasks: BTreeMap::new(),
            kept,
            taken: Taken::default(),
            restored: None,
            protocol: Protocol::new(policy),
            began: now,
            told: now,
            away: false,
            told_restore: false,
            told_wait: None,
            fault: None,
        })
    }

    /// Runs until it is stopped, or cannot go on.
    pub(crate) fn run(mut self) -> Ended {
        loop {
            let event = self.next_event();
            if let Some(end) = self.obey(event) {
                return self.end(&end);
            }
        }
    }

    /// Tells the protocol what happened and does what follows, and what follows from that.
    fn obey(&mut self, happened: Result<Event<Task>, Fault>) -> Option<Command<Task>> {
        let events = match happened {
            Ok(event) => vec![event],
            Err(fault) => self.failed(fault),
        };
        events.into_iter().find_map(|event| self.follow(event))
    }

    fn follow(&mut self, event: Event<Task>) -> Option<Command<Task>> {
        for command in self.protocol.step(event, self.began.elapsed()) {
            if matches!(command, Command::Rebuild | Command::Leave | Command::Halt) {
                return Some(command);
            }
            let done = self.execute(command).transpose();
            if let Some(end) = done.and_then(|event| self.obey(event)) {
                return Some(end);
            }
        }
        None
    }

    fn execute(&mut self, command: Command<Task>) -> Result<Option<Event<Task>>, Fault> {
        self.config.pulse.beat()?;
        match command {
            Command::Restore { tasks, attempt } => {
                self.quarantine.restores(&tasks);
                self.restorer
                    .begin::<K>(self.config, self.intake.consumer(), tasks, attempt)?;
                self.report();
            }
            Command::Fetch(task) => self.fetch(task)?,
            Command::Pause(task) => self.pause(task)?,
            Command::Resume(task) => self.intake.pause(task, false)?,
            Command::Release(tasks) => self.release(&tasks),
            Command::Quarantine(task) => self.put_aside(task)?,
            Command::Commit => return self.commit().map(Some),
            Command::Abort => return self.abort().map(Some),
            Command::Renew => {
                tracing::warn!(stage = %self.config.names.stage, "a request may still be on its way: a new producer");
                self.outbox.renew()?;
                return Ok(Some(Event::Renewed));
            }
            // Whoever runs the lane ends it.
            Command::Rebuild | Command::Leave | Command::Halt => {}
        }
        Ok(None)
    }

    fn end(mut self, how: &Command<Task>) -> Ended {
        let lost = || Fault::rebuild("the group gave its partitions away");
        let reason = self.fault.take().unwrap_or_else(lost);
        match how {
            Command::Leave => {
                self.intake.leave();
                Ended::Stopped
            }
            Command::Halt => {
                self.intake.leave();
                Ended::Halted(reason.message)
            }
            _ => {
                self.keep_tasks();
                self.intake.forsake();
                Ended::Rebuild(reason)
            }
        }
    }

    /// For the lane that takes the place of this one.
    fn keep_tasks(&mut self) {
        let tasks = std::mem::take(&mut self.tasks).into_values();
        let restored = self.restored.take();
        tasks.chain(restored).for_each(|running| self.kept.keep(running));
        while let Some(word) = self.restorer.next() {
            if let Word::Restored { running, .. } = word {
                self.kept.keep(*running);
            }
        }
    }

    /// What only a person can mend of one task costs the lane the open transaction alone.
    fn failed(&mut self, fault: Fault) -> Vec<Event<Task>> {
        let stage = self.config.names.stage;
        tracing::warn!(%stage, recovery = ?fault.recovery, task = ?fault.task, "{fault}");
        let events = match (fault.task, fault.recovery) {
            (Some(task), Recovery::Halt) => vec![Event::Quarantine(task), Event::Failed(Recovery::Abort)],
            (Some(task), Recovery::Abort) => vec![Event::Blamed(task), Event::Failed(Recovery::Abort)],
            (_, recovery) => vec![Event::Failed(recovery)],
        };
        if let Some(task) = fault.task {
            self.quarantine.suspect(task, fault.message.clone());
        }
        if events.last() == Some(&Event::Failed(Recovery::Abort)) {
            self.config.observer.aborted(stage, &fault.message);
        }
        self.fault = Some(fault);
        events
    }

    /// What happened next. What the group says is heard before anything else: a record that came with it may be of a
    /// task that was taken away, given to another member, and given back.
    fn next_event(&mut self) -> Result<Event<Task>, Fault> {
        loop {
            self.config.pulse.beat()?;
            self.intake.look_around()?;
            if let Some(membership) = self.intake.membership() {
                // Where no partition falls to it, this is all that the group ever says.
                if membership == Membership::Assigned(Vec::new()) {
                    self.report();
                }
                return heed(membership);
            }
            if let Some(applied) = self.taken.tell() {
                return Ok(applied);
            }
            if self.config.stop.is_set() && !self.work.lingers() {
                return Ok(Event::Stop);
            }
            if let Some(event) = self.next_of_quarantine() {
                return Ok(event);
            }
            if let Some(word) = self.restorer.next() {
                return self.hear(word);
            }
            if let Some((task, full)) = self.work.next_change_of_room() {
                return Ok(if full {
                    Event::Full(task)
                } else {
                    Event::Eased(task)
                });
            }
            let touched = self.work.turn(&mut self.tasks, &mut self.outbox)?;
            if !touched.is_empty() {
                let (records, bytes) = (touched.len() as u64, 0);
                return Ok(Event::Applied {
                    tasks: touched,
                    records,
                    bytes,
                });
            }
            self.tell_progress();
            // What is under way is better waited for than parked, as long as the transaction may stay open.
            if self.take()? && (!self.work.is_busy() || self.is_due()) {
                return Ok(Event::Drained);
            }
        }
    }

    fn hear(&mut self, word: Word<W::Stores>) -> Result<Event<Task>, Fault> {
        match word {
            Word::Restored { running, attempt } => {
                let task = running.task;
                self.restored = Some(*running);
                Ok(Event::Restored { task, attempt })
            }
            Word::Failed(fault) => match (fault.task, fault.recovery) {
                // It has no part in the transaction.
                (Some(task), Recovery::Halt) => {
                    self.quarantine.suspect(task, fault.message);
                    Ok(Event::Quarantine(task))
                }
                _ => Err(fault),
            },
        }
    }

    /// What a quarantine asks for, or the end of a rest.
    fn next_of_quarantine(&mut self) -> Option<Event<Task>> {
        if let Some(task) = self.quarantine.next_found() {
            return Some(Event::Quarantine(task));
        }
        let rests_until = self.protocol.rests_until();
        if rests_until.is_some_and(|moment| moment <= self.began.elapsed()) {
            return Some(Event::Rested);
        }
        let tasks = &self.tasks;
        let retried = self.quarantine.look(|task| tasks.contains_key(&task))?;
        self.work.retry(retried);
        Some(Event::Retry(retried))
    }

    /// The group still gives it to us; nothing of it is fetched or held.
    fn put_aside(&mut self, task: Task) -> Result<(), Fault> {
        self.tasks.remove(&task);
        self.work.let_go(task);
        self.intake.put_down(task)?;
        let why = self.quarantine.enter(task);
        tracing::error!(stage = %self.config.names.stage, ?task, why, "the task is quarantined");
        self.report();
        Ok(())
    }

    /// Takes the records that are there, up to a batch; `true` if there was none, and no word of the group either.
    fn take(&mut self) -> Result<bool, Fault> {
        let mut wait = self.wait();
        while self.taken.records < BATCH && !self.intake.has_news() {
            let Some(message) = self.intake.poll(wait)? else {
                break;
            };
            wait = Duration::ZERO;
            let task = task_of(self.config, &message)?;
            // A partition that was taken away while its record waited in line.
            let Some(running) = self.tasks.get_mut(&task) else {
                continue;
            };
            running.accept(message.offset())?;
            match self.work.take(&message, running, &mut self.outbox)? {
                Offered::Taken => {
                    let bytes = message.payload().map_or(0, <[u8]>::len);
                    self.taken.add(task, bytes as u64);
                }
                // Its task is to be paused, which the protocol hears before another record is asked for.
                Offered::NotNow => {
                    running.put_back(message.offset());
                    break;
                }
                Offered::Never(why) => {
                    running.put_back(message.offset());
                    self.quarantine.find(task, why);
                    break;
                }
            }
        }
        Ok(self.taken.records == 0 && !self.intake.has_news())
    }

    fn is_due(&self) -> bool {
        let due = self.protocol.commits_at();
        due.is_some_and(|moment| moment <= self.began.elapsed())
    }

    fn wait(&self) -> Duration {
        // A record every millisecond would be waited for every time, and the input never count as drained.
        if self.protocol.asks_for_more() && !self.work.is_busy() {
            return Duration::ZERO;
        }
        let busy = self.work.is_busy() || self.restorer.progress().is_some();
        let longest = if busy { BUSY_WAIT } else { IDLE_WAIT };
        let until = |moment: Moment| moment.saturating_sub(self.began.elapsed()).min(longest);
        match self.protocol.commits_at() {
            Some(moment) if until(moment).is_zero() => Duration::ZERO,
            Some(moment) => until(moment).min(BUSY_WAIT),
            None => longest,
        }
    }

    fn fetch(&mut self, task: Task) -> Result<(), Fault> {
        if let Some(mut running) = self.restored.take_if(|running| running.task == task) {
            self.intake.take_up(&[(task, running.committed)])?;
            // The client remembers a pause from the last time the partition was ours.
            self.intake.pause(task, false)?;
            self.work.take_up(&mut running);
            self.tasks.insert(task, running);
            self.quarantine.runs(task);
        }
        self.report();
        Ok(())
    }

    /// A record that was put back is the first to come once the task goes on.
    fn pause(&mut self, task: Task) -> Result<(), Fault> {
        self.intake.pause(task, true)?;
        let put_back = self.tasks.get(&task).and_then(Running::rewind_to);
        match put_back {
            Some(offset) => self.intake.rewind(&[(task, offset)]),
            None => Ok(()),
        }
    }

    fn release(&mut self, tasks: &[Task]) {
        self.restorer.let_go(tasks);
        for task in tasks {
            self.tasks.remove(task);
            self.work.let_go(*task);
            self.quarantine.let_go(*task);
        }
        self.report();
    }

    /// Says how far a restore is, that the broker is away or back, that something is waited for or has come.
    fn tell_progress(&mut self) {
        let time = self.told.elapsed() >= TELL;
        let restoring = match self.restorer.progress() {
            Some(_) => time,
            None => self.told_restore,
        };
        if time && self.away {
            self.told = Instant::now();
            self.intake.knock();
        }
        let waits = self.waits_for() != self.told_wait;
        if self.intake.is_away() != self.away || waits || restoring {
            self.away = self.intake.is_away();
            self.report();
        }
    }

    fn report(&mut self) {
        self.told = Instant::now();
        self.told_restore = self.restorer.progress().is_some();
        self.told_wait = self.waits_for();
        self.config.report(&self.state());
    }

    /// What is waited for from outside the stream, or after aborts.
    fn waits_for(&self) -> Option<String> {
        let why = self.work.waits_for().map(str::to_owned);
        why.or_else(|| {
            self.protocol.rests_until()?;
            let (aborts, fault) = (self.protocol.aborts(), self.fault.as_ref()?);
            Some(format!("{aborts} transactions in a row were aborted: {fault}"))
        })
    }

    fn state(&self) -> LaneState {
        let tasks = self.tasks.len();
        match (self.restorer.progress(), &self.told_wait) {
            _ if self.away => LaneState::Waiting("no broker answers".to_owned()),
            (_, Some(why)) => LaneState::Waiting(why.clone()),
            (Some(progress), None) => LaneState::Restoring { tasks, progress },
            (None, None) if self.quarantine.is_empty() => LaneState::Running { tasks },
            (None, None) => LaneState::Degraded {
                tasks,
                quarantined: self.quarantine.reasons(&self.config.names),
            },
        }
    }
}

fn heed(membership: Membership) -> Result<Event<Task>, Fault> {
    match membership {
        Membership::Assigned(tasks) => Ok(Event::Assigned(tasks)),
        Membership::Revoked(tasks) => Ok(Event::Revoked(tasks)),
        Membership::Lost(_) => Ok(Event::Lost),
        Membership::Broken(why) => Err(Fault::rebuild(why)),
        Membership::Fenced(why) => Err(Fault::fenced(why, Fenced::Member)),
    }
}

fn task_of(config: &LaneConfig, message: &impl Message) -> Result<Task, Fault> {
    let topic = config.names.parse(message.topic());
    let topic = topic.ok_or_else(|| Fault::halt(format!("{} is no topic of the stream", message.topic())))?;
    let partition = message.partition();
    Ok(Task { topic, partition })
}
