//! The protocol of a lane: what to do next, as a value. No Kafka, no clock, no thread, no I/O.
//!
//! A lane has one transaction and some tasks. [`Protocol::step`] is told what happened and answers with commands, which
//! the shell ([`crate::lane`]) executes in their order. The shell never decides: whether a transaction is committed,
//! aborted or abandoned, whether a task may run, whether a producer may be used again is answered here.
//!
//! The states of the transaction and every step between them are drawn in ARCHITECTURE.md; a test draws them anew from
//! this code and compares.

mod tasks;

use crate::commit_policy::{CommitPolicy, LastCommit, Moment, Open};
use crate::fault::Recovery;
use std::hash::Hash;
use tasks::{Standing, Tasks};

/// What happened to a lane. `T` names a task.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Event<T> {
    /// The group gave these tasks to us.
    Assigned(Vec<T>),
    /// The state of a task is what its last commit left; `attempt` is the number of the command that asked for it.
    Restored { task: T, attempt: u64 },
    /// Something was done for these tasks; what it wrote is in the open transaction.
    Applied { tasks: Vec<T>, records: u64, bytes: u64 },
    /// No record was waiting.
    Drained,
    /// No more of this task can be taken for now: too much of it is held, or what its next record says is not known yet.
    Full(T),
    /// It can again.
    Eased(T),
    /// Tasks were taken away in good order; their records may be in the open transaction.
    Revoked(Vec<T>),
    /// All tasks were taken away, because the group no longer counts this member in.
    Lost,
    /// The process wants to end.
    Stop,
    /// The transaction was committed. `doubtful`: a request to end it may still be on its way.
    Committed { doubtful: bool },
    /// The transaction was aborted, and every task stands where the last commit left it. `doubtful` as above.
    Aborted { doubtful: bool },
    /// A new producer is in place; nothing that the old one sent can come to pass any more.
    Renewed,
    /// A command, or the work on a record, failed.
    Failed(Recovery),
}

/// What the shell is to do.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Command<T> {
    /// Begin to restore these tasks; answer `Restored` with this attempt for each.
    Restore { tasks: Vec<T>, attempt: u64 },
    /// Take records of this task from now on.
    Fetch(T),
    /// Take no records of this task for now.
    Pause(T),
    /// Take them again.
    Resume(T),
    /// Forget what is held of these tasks.
    Release(Vec<T>),
    /// Write state and offsets into the transaction and commit it; answer `Committed` or `Failed`.
    Commit,
    /// Abort the transaction, drop its writes, go back to the last commit; answer `Aborted` or `Failed`.
    Abort,
    /// Replace the producer before the next transaction begins; answer `Renewed` or `Failed`.
    Renew,
    /// Drop producer, consumer and state without another word to the broker, and begin anew.
    Rebuild,
    /// Leave the group and end well.
    Leave,
    /// End with the error that is at hand.
    Halt,
}

/// Where the transaction stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Transaction {
    Idle,
    Open(Open),
    Committing,
    Aborting,
    Renewing,
    Ended,
}

/// The state machine of one lane.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Protocol<T> {
    policy: CommitPolicy,
    transaction: Transaction,
    tasks: Tasks<T>,
    last_commit: Option<LastCommit>,
    committing_since: Moment,
    stopping: bool,
}

/// Commands, few and mostly none; an empty list costs no memory.
pub(crate) type Commands<T> = Vec<Command<T>>;

impl<T: Copy + Ord + Hash> Protocol<T> {
    /// A lane without a transaction and without tasks.
    pub(crate) fn new(policy: CommitPolicy) -> Self {
        Self {
            policy,
            transaction: Transaction::Idle,
            tasks: Tasks::default(),
            last_commit: None,
            committing_since: Moment::ZERO,
            stopping: false,
        }
    }

    /// Until when the shell may wait for a record; `None` for as long as it likes.
    pub(crate) fn wake_at(&self) -> Option<Moment> {
        match &self.transaction {
            Transaction::Open(open) => Some(self.policy.due(open, self.last_commit)),
            _ => None,
        }
    }

    /// Whether it would change something to know that no record is waiting.
    pub(crate) fn asks_for_more(&self) -> bool {
        matches!(&self.transaction, Transaction::Open(open) if !open.drained)
    }

    /// What follows from an event.
    pub(crate) fn step(&mut self, event: Event<T>, now: Moment) -> Commands<T> {
        if self.transaction == Transaction::Ended {
            return Vec::new();
        }
        match event {
            Event::Assigned(tasks) => self.assigned(tasks),
            Event::Restored { task, attempt } => self.restored(task, attempt),
            Event::Applied {
                tasks,
                records,
                bytes,
            } => self.applied(&tasks, records, bytes, now),
            Event::Drained => self.drained(now),
            Event::Full(task) => self
                .tasks
                .pause(task)
                .then_some(Command::Pause(task))
                .into_iter()
                .collect(),
            Event::Eased(task) => self
                .tasks
                .resume(task)
                .then_some(Command::Resume(task))
                .into_iter()
                .collect(),
            Event::Revoked(tasks) => self.revoked(tasks),
            Event::Lost => self.end(Command::Rebuild),
            Event::Stop => self.stop(now),
            Event::Committed { doubtful } => self.committed(doubtful, now),
            Event::Aborted { doubtful } => self.closed(doubtful),
            Event::Renewed => self.settled(),
            Event::Failed(recovery) => self.failed(recovery),
        }
    }

    fn assigned(&mut self, tasks: Vec<T>) -> Commands<T> {
        if tasks.is_empty() || self.stopping {
            return Vec::new();
        }
        match self.tasks.restore(&tasks) {
            Some(attempt) => vec![Command::Restore { tasks, attempt }],
            // Given twice without being taken away: what we believe of the group is wrong.
            None => self.end(Command::Rebuild),
        }
    }

    /// A restore that a revocation overtook is worth nothing: another owner may have gone on since.
    fn restored(&mut self, task: T, attempt: u64) -> Commands<T> {
        if self.tasks.run(task, attempt) {
            vec![Command::Fetch(task)]
        } else {
            Vec::new()
        }
    }

    fn applied(&mut self, tasks: &[T], records: u64, bytes: u64, now: Moment) -> Commands<T> {
        let open = match self.transaction {
            Transaction::Open(open) => open,
            Transaction::Idle => Open::at(now),
            _ => return Vec::new(),
        };
        self.transaction = Transaction::Open(Open {
            records: open.records + records,
            bytes: open.bytes + bytes,
            drained: false,
            ..open
        });
        if tasks.iter().all(|task| self.tasks.touch(*task)) {
            self.commit_if_due(now)
        } else {
            // Something was done for a task that is not ours to do.
            self.abort()
        }
    }

    fn drained(&mut self, now: Moment) -> Commands<T> {
        if let Transaction::Open(open) = &mut self.transaction {
            open.drained = true;
        }
        self.commit_if_due(now)
    }

    fn commit_if_due(&mut self, now: Moment) -> Commands<T> {
        match &self.transaction {
            Transaction::Open(open) if self.policy.due(open, self.last_commit) <= now => self.commit(now),
            _ => Vec::new(),
        }
    }

    fn commit(&mut self, now: Moment) -> Commands<T> {
        self.transaction = Transaction::Committing;
        self.committing_since = now;
        vec![Command::Commit]
    }

    fn abort(&mut self) -> Commands<T> {
        self.transaction = Transaction::Aborting;
        vec![Command::Abort]
    }

    /// The open transaction may hold records of a task that is no longer ours: nothing of it may be written.
    fn revoked(&mut self, tasks: Vec<T>) -> Commands<T> {
        let mut dirty = false;
        for task in &tasks {
            dirty |= self.tasks.remove(*task) == Some(Standing::Dirty);
        }
        let mut commands = vec![Command::Release(tasks)];
        if dirty && matches!(self.transaction, Transaction::Open(_)) {
            commands.extend(self.abort());
        }
        commands
    }

    fn stop(&mut self, now: Moment) -> Commands<T> {
        self.stopping = true;
        match self.transaction {
            Transaction::Idle => self.end(Command::Leave),
            Transaction::Open(_) => self.commit(now),
            _ => Vec::new(),
        }
    }

    fn committed(&mut self, doubtful: bool, now: Moment) -> Commands<T> {
        let took = now.saturating_sub(self.committing_since);
        self.last_commit = Some(LastCommit::new(now, took, self.last_commit));
        self.closed(doubtful)
    }

    /// A request to end this transaction that is still on its way would end the next one of the same producer.
    fn closed(&mut self, doubtful: bool) -> Commands<T> {
        self.tasks.clean();
        if doubtful && !self.stopping {
            self.transaction = Transaction::Renewing;
            return vec![Command::Renew];
        }
        self.settled()
    }

    fn settled(&mut self) -> Commands<T> {
        self.transaction = Transaction::Idle;
        if self.stopping {
            self.end(Command::Leave)
        } else {
            Vec::new()
        }
    }

    #[expect(
        clippy::match_same_arms,
        reason = "two reasons to begin anew, each with its own word"
    )]
    fn failed(&mut self, recovery: Recovery) -> Commands<T> {
        match (recovery, self.transaction) {
            (Recovery::Halt, _) => self.end(Command::Halt),
            (Recovery::Rebuild, _) => self.end(Command::Rebuild),
            // An abort or a renewal that fails leaves nothing that could be trusted.
            (Recovery::Abort, Transaction::Aborting | Transaction::Renewing) => self.end(Command::Rebuild),
            (Recovery::Abort, _) => self.abort(),
        }
    }

    fn end(&mut self, how: Command<T>) -> Commands<T> {
        self.transaction = Transaction::Ended;
        vec![how]
    }
}

#[cfg(test)]
mod drawing;
#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
