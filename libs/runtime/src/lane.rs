//! The lane: one thread, one consumer, one transactional producer. It executes what [`crate::protocol`] decides.

mod intake;
mod membership;
mod outbox;
mod restore;
mod task;

pub(crate) use intake::Intake;
pub(crate) use membership::Membership;
pub(crate) use outbox::Outbox;
pub(crate) use task::Running;

use crate::commit_policy::{CommitPolicy, Moment};
use crate::config::LaneConfig;
use crate::counts;
use crate::fault::Fault;
use crate::observer::{Committed, LaneState};
use crate::protocol::{Command, Event, Protocol};
use rdkafka::Message;
use rdkafka::message::BorrowedMessage;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use restore::Restorer;
use stage::{FlowCounts, Stores, Task};
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Longest wait for a record; stop requests are seen this late at worst.
const IDLE_WAIT: Duration = Duration::from_millis(50);

/// What a lane does with its records.
pub(crate) trait Work {
    /// The keyed state of one task.
    type Stores: Stores;

    /// Takes one record: applies it, or holds it until [`Work::settle`].
    fn take(
        &mut self,
        message: &BorrowedMessage<'_>,
        task: &mut Running<Self::Stores>,
        outbox: &mut Outbox,
    ) -> Result<(), Fault>;

    /// Finishes what is held, before a commit. `interrupted` says whether the lane is wanted elsewhere.
    fn settle(
        &mut self,
        tasks: &mut HashMap<Task, Running<Self::Stores>>,
        outbox: &mut Outbox,
        interrupted: &mut dyn FnMut() -> Result<bool, Fault>,
    ) -> Result<(), Fault>;

    /// Forgets what is held: its transaction is aborted.
    fn forget(&mut self);
}

/// How a lane ended.
pub(crate) enum Ended {
    /// It was asked to.
    Stopped,
    /// It must begin anew, for this reason.
    Rebuild(String),
    /// Somebody must mend what this says.
    Halted(String),
}

/// A lane that runs.
pub(crate) struct Lane<'a, W: Work> {
    config: &'a LaneConfig,
    work: &'a mut W,
    intake: Intake,
    outbox: Outbox,
    tasks: HashMap<Task, Running<W::Stores>>,
    protocol: Protocol,
    began: Instant,
    fault: Option<Fault>,
}

impl<'a, W: Work> Lane<'a, W> {
    /// Connects. The producer comes first: it ends what a predecessor left open.
    pub(crate) fn connect(
        config: &'a LaneConfig,
        work: &'a mut W,
        policy: CommitPolicy,
    ) -> Result<Self, Fault> {
        let outbox = Outbox::new(&config.producer, config.names.clone(), config.ids)?;
        let intake = Intake::new(&config.consumer, config.names.clone())?;
        work.forget();
        let protocol = Protocol::new(policy);
        let tasks = HashMap::new();
        Ok(Self {
            config,
            work,
            intake,
            outbox,
            tasks,
            protocol,
            began: Instant::now(),
            fault: None,
        })
    }

    /// Runs until it is stopped, or cannot go on.
    pub(crate) fn run(mut self) -> Ended {
        loop {
            let event = self.next_event().unwrap_or_else(|fault| self.failed(fault));
            let mut next = Some(event);
            while let Some(event) = next.take() {
                match self.protocol.step(&event, self.began.elapsed()) {
                    Some(Command::Leave) => return Ended::Stopped,
                    Some(Command::Rebuild) => return Ended::Rebuild(self.reason()),
                    Some(Command::Halt) => return Ended::Halted(self.reason()),
                    Some(Command::Commit) => next = Some(self.execute(Self::commit, Event::Committed)),
                    Some(Command::Abort) => next = Some(self.execute(Self::abort, Event::Aborted)),
                    None => {}
                }
            }
        }
    }

    fn execute(&mut self, command: fn(&mut Self) -> Result<(), Fault>, done: Event) -> Event {
        match command(self) {
            Ok(()) => done,
            Err(fault) => self.failed(fault),
        }
    }

    fn failed(&mut self, fault: Fault) -> Event {
        tracing::warn!(stage = %self.config.names.stage, recovery = ?fault.recovery, "{fault}");
        let recovery = fault.recovery;
        self.fault = Some(fault);
        Event::Failed(recovery)
    }

    fn reason(&mut self) -> String {
        self.fault.take().map_or_else(
            || "the group gave its partitions away".to_owned(),
            |fault| fault.message,
        )
    }

    fn next_event(&mut self) -> Result<Event, Fault> {
        if self.config.stop.is_set() {
            return Ok(Event::Stop);
        }
        if let Some(membership) = self.intake.membership() {
            return self.heed(membership);
        }
        let wait = self.wait();
        let Some(message) = self.intake.poll(wait)? else {
            return Ok(if self.intake.has_news() {
                Event::Tick
            } else {
                Event::Drained
            });
        };
        let task = self.task_of(&message)?;
        if self.protocol.needs_transaction() {
            self.outbox.begin()?;
        }
        let Some(running) = self.tasks.get_mut(&task) else {
            return Ok(Event::Tick);
        };
        running.accept(message.offset())?;
        self.work.take(&message, running, &mut self.outbox)?;
        Ok(Event::Applied {
            bytes: message.payload_len() as u64,
        })
    }

    fn wait(&self) -> Duration {
        let until = |moment: Moment| moment.saturating_sub(self.began.elapsed()).min(IDLE_WAIT);
        match self.protocol.wake_at() {
            // Zero first: whether something is waiting decides whether the input counts as drained.
            Some(moment) if until(moment).is_zero() => Duration::ZERO,
            Some(moment) => until(moment).min(Duration::from_millis(1)),
            None => IDLE_WAIT,
        }
    }

    fn task_of(&self, message: &BorrowedMessage<'_>) -> Result<Task, Fault> {
        let topic = self.config.names.parse(message.topic());
        let topic =
            topic.ok_or_else(|| Fault::halt(format!("{} is no topic of the stream", message.topic())))?;
        Ok(Task {
            topic,
            partition: message.partition(),
        })
    }

    fn heed(&mut self, membership: Membership) -> Result<Event, Fault> {
        match membership {
            Membership::Assigned(tasks) => {
                self.take_up(&tasks)?;
                self.report();
                Ok(Event::Tick)
            }
            Membership::Revoked(tasks) => {
                let dirty = self.let_go(&tasks);
                self.report();
                Ok(if dirty { Event::Revoked } else { Event::Tick })
            }
            Membership::Lost(_) => Ok(Event::Lost),
            Membership::Broken(why) => Err(Fault::rebuild(why)),
        }
    }

    fn report(&self) {
        self.config.report(&LaneState::Running {
            tasks: self.tasks.len(),
        });
    }

    /// Restores the tasks and begins to fetch them.
    fn take_up(&mut self, tasks: &[Task]) -> Result<(), Fault> {
        if tasks.is_empty() {
            return Ok(());
        }
        let names = &self.config.names;
        let restorer = Restorer {
            config: &self.config.client,
            names,
            partitions: self.config.partitions,
        };
        let filled = restorer.restore(tasks)?;
        let mut from = Vec::new();
        for (mut running, committed) in filled.into_iter().zip(self.intake.committed(tasks)?) {
            let (offset, counts) = committed.unzip();
            self.refuse_gap(running.task, offset)?;
            running.stand_at(offset, counts.unwrap_or_default());
            from.push((running.task, offset));
            self.tasks.insert(running.task, running);
        }
        self.intake.take_up(&from)
    }

    /// Records that were deleted before they were read are lost; going on would hide it.
    fn refuse_gap(&self, task: Task, committed: Option<i64>) -> Result<(), Fault> {
        let Some(committed) = committed else { return Ok(()) };
        let low = self.intake.low_watermark(task)?;
        if committed < low {
            let name = self.config.names.topic(task.topic);
            return Err(Fault::halt(format!(
                "{name}-{}: the group stands at {committed}, but the topic begins at {low}: {} records were deleted \
                 unread; lengthen the retention, and set the group to {low} to accept the loss",
                task.partition,
                low - committed
            )));
        }
        Ok(())
    }

    /// Drops the tasks; says whether the open transaction holds records of them.
    fn let_go(&mut self, tasks: &[Task]) -> bool {
        let dropped: Vec<_> = tasks.iter().filter_map(|task| self.tasks.remove(task)).collect();
        dropped.iter().any(Running::is_dirty)
    }

    fn commit(&mut self) -> Result<(), Fault> {
        let began = Instant::now();
        self.settle()?;
        self.write_state()?;
        let mut offsets = TopicPartitionList::new();
        for running in self.tasks.values().filter(|running| running.is_dirty()) {
            let Some(next) = running.next else { continue };
            let topic = self.config.names.topic(running.task.topic);
            let mut element = offsets.add_partition(topic, running.task.partition);
            let set = element.set_offset(Offset::Offset(next));
            set.map_err(|error| Fault::of("listing offsets", &error))?;
            element.set_metadata(counts::to_metadata(&running.counts_after()).map_err(Fault::halt)?);
        }
        let group = self.intake.group()?;
        self.outbox.commit(&offsets, &group)?;
        self.tell(began);
        self.tasks
            .values_mut()
            .filter(|running| running.is_dirty())
            .for_each(Running::commit);
        Ok(())
    }

    fn settle(&mut self) -> Result<(), Fault> {
        let (intake, stop) = (&self.intake, &self.config.stop);
        let mut interrupted = || {
            if stop.is_set() || intake.has_news() {
                return Ok(true);
            }
            // Paused partitions deliver nothing; the poll keeps the membership alive.
            intake.hold(true)?;
            if intake.poll(Duration::ZERO)?.is_some() {
                return Err(Fault::rebuild("a paused partition delivered a record"));
            }
            intake.hold(false)?;
            Ok(intake.has_news())
        };
        self.work
            .settle(&mut self.tasks, &mut self.outbox, &mut interrupted)
    }

    fn write_state(&mut self) -> Result<(), Fault> {
        let names = &self.config.names;
        let outbox = &self.outbox;
        for running in self.tasks.values_mut().filter(|running| running.is_dirty()) {
            let partition = running.changelog_partition;
            let mut written = Ok(());
            running.stores.each(&mut |store| {
                let topic = names.changelog(store.name());
                let shown = store.changes(&mut |change| {
                    if written.is_ok() {
                        written = outbox.send_change(&topic, partition, change);
                    }
                });
                if let Err(error) = shown {
                    written = Err(Fault::halt(error.to_string()));
                }
            });
            written?;
        }
        Ok(())
    }

    fn tell(&self, began: Instant) {
        let (stage, took) = (self.config.names.stage, began.elapsed());
        let mut counts = FlowCounts::default();
        let dirty = self.tasks.values().filter(|running| running.is_dirty());
        dirty.for_each(|running| counts.add(&running.pending));
        let counts = &counts;
        self.config.observer.committed(&Committed { stage, counts, took });
    }

    fn abort(&mut self) -> Result<(), Fault> {
        self.work.forget();
        self.outbox.abort()?;
        self.tasks.values_mut().for_each(Running::abort);
        let again: Vec<_> = self
            .tasks
            .values()
            .filter_map(|running| Some((running.task, running.rewind_to()?)))
            .collect();
        self.intake.rewind(&again)
    }
}
