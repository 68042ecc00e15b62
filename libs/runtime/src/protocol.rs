//! The protocol of a lane: what to do next, as a value. No Kafka, no clock, no thread, no I/O.
//!
//! ```text
//!             Applied                 due, Stop
//!   Idle ───────────────▶ Open ───────────────────▶ Committing ──Committed──▶ Idle
//!    ▲                     │                            │
//!    └──────Aborted── Aborting ◀──Revoked, Failed(Abort)┘      Failed(Rebuild), Lost ──▶ Rebuilding
//!                                                              Failed(Halt)          ──▶ Ended
//! ```
//!
//! The shell calls [`Protocol::step`] with what happened and executes the commands it gets back, in their order.
//! It never decides: whether a transaction is committed, aborted or abandoned is answered here.

use crate::commit_policy::{CommitPolicy, LastCommit, Moment, Open};
use crate::fault::Recovery;

/// What happened to a lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    /// A record of this many bytes was applied; its outputs are in the open transaction.
    Applied { bytes: u64 },
    /// No record was waiting.
    Drained,
    /// Time went on.
    Tick,
    /// Partitions were taken away in good order; their records may be in the open transaction.
    Revoked,
    /// Partitions were taken away because the group no longer counts this member in.
    Lost,
    /// The process wants to end.
    Stop,
    /// The transaction was committed.
    Committed,
    /// The transaction was aborted, and the consumer stands where the last commit left it.
    Aborted,
    /// A command, or the work on a record, failed.
    Failed(Recovery),
}

/// What the shell is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    /// Write state and offsets into the transaction and commit it; answer `Committed` or `Failed`.
    Commit,
    /// Abort the transaction, drop its writes, go back to the last commit; answer `Aborted` or `Failed`.
    Abort,
    /// Drop producer, consumer and state without another word to the broker, and begin anew.
    Rebuild,
    /// Leave the group and end well.
    Leave,
    /// End with the error that is at hand.
    Halt,
}

/// Where a lane stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Idle,
    Open(Open),
    Committing,
    Aborting,
    Ended,
}

/// The state machine of one lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Protocol {
    policy: CommitPolicy,
    state: State,
    last_commit: Option<LastCommit>,
    committing_since: Moment,
    stopping: bool,
}

impl Protocol {
    /// A lane without a transaction.
    pub(crate) fn new(policy: CommitPolicy) -> Self {
        Self {
            policy,
            state: State::Idle,
            last_commit: None,
            committing_since: Moment::ZERO,
            stopping: false,
        }
    }

    /// Whether the next record needs a transaction to be begun first.
    pub(crate) fn needs_transaction(&self) -> bool {
        self.state == State::Idle
    }

    /// Until when the shell may wait for a record; `None` for as long as it likes.
    pub(crate) fn wake_at(&self) -> Option<Moment> {
        match &self.state {
            State::Open(open) => Some(self.policy.due(open, self.last_commit)),
            _ => None,
        }
    }

    /// What follows from an event.
    pub(crate) fn step(&mut self, event: &Event, now: Moment) -> Option<Command> {
        match event {
            Event::Applied { bytes } => self.applied(*bytes, now),
            Event::Drained => self.drained(now),
            Event::Tick => self.commit_if_due(now),
            Event::Revoked => self.revoked(),
            Event::Lost => self.end(Command::Rebuild),
            Event::Stop => self.stop(now),
            Event::Committed => self.committed(now),
            Event::Aborted => self.settled(),
            Event::Failed(recovery) => self.failed(*recovery),
        }
    }

    fn applied(&mut self, bytes: u64, now: Moment) -> Option<Command> {
        let open = match self.state {
            State::Open(open) => open,
            State::Idle => Open {
                since: now,
                records: 0,
                bytes: 0,
                drained: false,
            },
            _ => return None,
        };
        self.state = State::Open(Open {
            records: open.records + 1,
            bytes: open.bytes + bytes,
            drained: false,
            ..open
        });
        self.commit_if_due(now)
    }

    fn drained(&mut self, now: Moment) -> Option<Command> {
        if let State::Open(open) = &mut self.state {
            open.drained = true;
        }
        self.commit_if_due(now)
    }

    fn commit_if_due(&mut self, now: Moment) -> Option<Command> {
        match &self.state {
            State::Open(open) if self.policy.due(open, self.last_commit) <= now => {
                Some(self.begin_commit(now))
            }
            _ => None,
        }
    }

    fn begin_commit(&mut self, now: Moment) -> Command {
        self.state = State::Committing;
        self.committing_since = now;
        Command::Commit
    }

    /// The open transaction may hold records of a partition that is no longer ours: nothing of it may be written.
    fn revoked(&mut self) -> Option<Command> {
        match self.state {
            State::Open(_) => {
                self.state = State::Aborting;
                Some(Command::Abort)
            }
            _ => None,
        }
    }

    fn stop(&mut self, now: Moment) -> Option<Command> {
        self.stopping = true;
        match self.state {
            State::Idle => self.end(Command::Leave),
            State::Open(_) => Some(self.begin_commit(now)),
            State::Committing | State::Aborting | State::Ended => None,
        }
    }

    fn committed(&mut self, now: Moment) -> Option<Command> {
        let took = now.saturating_sub(self.committing_since);
        self.last_commit = Some(LastCommit { at: now, took });
        self.settled()
    }

    fn settled(&mut self) -> Option<Command> {
        if self.state == State::Ended {
            return None;
        }
        self.state = State::Idle;
        if self.stopping {
            self.end(Command::Leave)
        } else {
            None
        }
    }

    fn failed(&mut self, recovery: Recovery) -> Option<Command> {
        match (recovery, self.state) {
            (_, State::Ended) => None,
            (Recovery::Halt, _) => self.end(Command::Halt),
            // An abort that fails leaves nothing that could be trusted.
            (Recovery::Rebuild, _) | (Recovery::Abort, State::Aborting) => self.end(Command::Rebuild),
            (Recovery::Abort, _) => {
                self.state = State::Aborting;
                Some(Command::Abort)
            }
        }
    }

    fn end(&mut self, how: Command) -> Option<Command> {
        if self.state == State::Ended {
            return None;
        }
        self.state = State::Ended;
        Some(how)
    }
}

#[cfg(test)]
mod tests;
