//! The protocol of a lane: what to do next, as a value. No Kafka, no clock, no thread, no I/O.
//!
//! A lane has one transaction and some tasks. [`Protocol::step`] is told what happened and answers with commands, which
//! the shell ([`crate::lane`]) executes in their order. The shell never decides: whether a transaction is committed,
//! aborted or abandoned, whether a task may run, whether a producer may be used again is answered here.
//!
//! The states of the transaction and every step between them are drawn in ARCHITECTURE.md; a test draws them anew from
//! this code and compares.

mod backoff;
mod tasks;

use crate::commit_policy::{CommitPolicy, LastCommit, Moment, Open};
use crate::fault::Recovery;
use backoff::backoff;
use std::hash::Hash;
use tasks::{Flow, Leaving, Standing, Tasks};

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
    /// This task cannot go on until a person has mended something; the others can.
    Quarantine(T),
    /// A person asks for another try.
    Retry(T),
    /// This task is to blame for the failure that is told next.
    Blamed(T),
    /// The time that tasks rest after aborts is over.
    Rested,
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
    /// Forget what is held of this task, fetch nothing of it any more, and tell people.
    Quarantine(T),
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
    /// Aborts in a row, when the last one was, and until when tasks rest after them.
    aborts: u32,
    aborted_at: Moment,
    rests_until: Option<Moment>,
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
            aborts: 0,
            aborted_at: Moment::ZERO,
            rests_until: None,
            stopping: false,
        }
    }

    /// How many transactions were aborted since the last commit, for a failure.
    pub(crate) const fn aborts(&self) -> u32 {
        self.aborts
    }

    /// Until when tasks rest after aborts; then the shell tells [`Event::Rested`].
    pub(crate) const fn rests_until(&self) -> Option<Moment> {
        self.rests_until
    }

    /// When the open transaction is to be committed; `None` while there is none.
    pub(crate) fn commits_at(&self) -> Option<Moment> {
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
            Event::Full(task) => flow(task, self.tasks.set_full(task, true)),
            Event::Eased(task) => flow(task, self.tasks.set_full(task, false)),
            Event::Quarantine(task) => self.quarantine(task),
            Event::Retry(task) => self.retry(task),
            Event::Blamed(task) if self.tasks.blame(task) => self.quarantine(task),
            Event::Blamed(_) => Vec::new(),
            Event::Rested => self.rested(),
            Event::Revoked(tasks) => self.revoked(tasks),
            Event::Lost => self.end(Command::Rebuild),
            Event::Stop => self.stop(now),
            Event::Committed { doubtful } => self.committed(doubtful, now),
            Event::Aborted { doubtful } => self.aborted(doubtful, now),
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

    /// What is in the open transaction of it may still be committed: it stands before what it cannot go on with.
    fn quarantine(&mut self, task: T) -> Commands<T> {
        match self.tasks.quarantine(task) {
            None => Vec::new(),
            Some(Leaving::Now) => vec![Command::Quarantine(task)],
            Some(Leaving::Later(paused)) => flow(task, paused),
        }
    }

    fn retry(&mut self, task: T) -> Commands<T> {
        let attempt = self.tasks.retry(task).filter(|_| !self.stopping);
        let restore = attempt.map(|attempt| Command::Restore {
            tasks: vec![task],
            attempt,
        });
        restore.into_iter().collect()
    }

    fn rested(&mut self) -> Commands<T> {
        self.rests_until = None;
        let resumed = self.tasks.end_back_off();
        resumed.into_iter().map(Command::Resume).collect()
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
        let quarantined = self.tasks.end_transaction(true);
        // What others commit says nothing of a task that is to blame, nor of one that rests or has only just gone on.
        let past_rest = self.aborted_at.saturating_add(backoff(self.aborts) * 2);
        if !self.tasks.is_blamed() && past_rest <= now {
            self.aborts = 0;
        }
        self.closed(quarantined, Vec::new(), doubtful)
    }

    /// The same again at once would be the same again: from the second abort in a row on there is a rest.
    fn aborted(&mut self, doubtful: bool, now: Moment) -> Commands<T> {
        let rest = backoff(self.aborts);
        self.aborted_at = now;
        let mut rests = Vec::new();
        if !rest.is_zero() {
            rests = self.tasks.back_off();
            self.rests_until = Some(now + rest);
        }
        let quarantined = self.tasks.end_transaction(false);
        rests.retain(|task| !quarantined.contains(task));
        self.closed(quarantined, rests, doubtful)
    }

    /// A request to end this transaction that is still on its way would end the next one of the same producer.
    fn closed(&mut self, quarantined: Vec<T>, rests: Vec<T>, doubtful: bool) -> Commands<T> {
        let quarantined = quarantined.into_iter().map(Command::Quarantine);
        let rests = rests.into_iter().map(Command::Pause);
        let mut commands: Commands<T> = quarantined.chain(rests).collect();
        if doubtful && !self.stopping {
            self.transaction = Transaction::Renewing;
            commands.push(Command::Renew);
        } else {
            commands.extend(self.settled());
        }
        commands
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
            (Recovery::Abort, _) => {
                self.aborts = self.aborts.saturating_add(1);
                self.abort()
            }
        }
    }

    fn end(&mut self, how: Command<T>) -> Commands<T> {
        self.transaction = Transaction::Ended;
        vec![how]
    }
}

fn flow<T>(task: T, flow: Option<Flow>) -> Commands<T> {
    let command = flow.map(|flow| match flow {
        Flow::Paused => Command::Pause(task),
        Flow::Resumed => Command::Resume(task),
    });
    command.into_iter().collect()
}

#[cfg(test)]
mod drawing;
#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
