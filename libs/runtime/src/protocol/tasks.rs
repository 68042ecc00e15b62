//! The tasks of a lane, as far as the protocol cares: restoring, running or quarantined; touched by the open transaction
//! or not; paused, and why. No Kafka, no clock, no thread, no I/O.

use std::collections::BTreeMap;

/// A task that was to blame for this many aborts, with no commit of its own between them, is quarantined.
pub(super) const MOST_ABORTS: u8 = 5;

/// How a task that was ours stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Being restored, quarantined, or running without part in the open transaction.
    Clean,
    /// The open transaction holds writes of it.
    Dirty,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Phase {
    Restoring { attempt: u64 },
    Running(Running),
    Quarantined,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
struct Running {
    /// The open transaction holds writes of it.
    dirty: bool,
    pauses: Pauses,
    /// Aborts that it was to blame for since it was committed last.
    aborts: u8,
}

/// Why no more of a task is taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
struct Pauses {
    /// No more of it can be taken for now.
    full: bool,
    /// It rests after aborts.
    backs_off: bool,
    /// It is quarantined as soon as the open transaction has ended.
    leaves: bool,
}

impl Running {
    const fn is_paused(self) -> bool {
        let Pauses {
            full,
            backs_off,
            leaves,
        } = self.pauses;
        full || backs_off || leaves
    }
}

/// What a change of a task means for who fetches it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    Paused,
    Resumed,
}

/// What follows for a task that cannot go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leaving {
    /// It is quarantined now.
    Now,
    /// Once the open transaction has ended; until then nothing more of it is taken.
    Later(Option<Flow>),
}

/// The tasks that are ours.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Tasks<T> {
    phases: BTreeMap<T, Phase>,
    attempts: u64,
}

impl<T> Default for Tasks<T> {
    fn default() -> Self {
        Self {
            phases: BTreeMap::new(),
            attempts: 0,
        }
    }
}

impl<T: Copy + Ord> Tasks<T> {
    /// These tasks are ours and are being restored, under the number returned; `None` if one of them was ours already.
    pub(super) fn restore(&mut self, tasks: &[T]) -> Option<u64> {
        self.attempts += 1;
        let attempt = self.attempts;
        let mut fresh = true;
        for task in tasks {
            fresh &= self.phases.insert(*task, Phase::Restoring { attempt }).is_none();
        }
        fresh.then_some(attempt)
    }

    /// A quarantined task is restored again, under the number returned.
    pub(super) fn retry(&mut self, task: T) -> Option<u64> {
        let phase = self
            .phases
            .get_mut(&task)
            .filter(|phase| **phase == Phase::Quarantined)?;
        self.attempts += 1;
        let attempt = self.attempts;
        *phase = Phase::Restoring { attempt };
        Some(attempt)
    }

    /// A restore is done; whether the task may run now.
    pub(super) fn run(&mut self, task: T, restored: u64) -> bool {
        match self.phases.get_mut(&task) {
            Some(phase) if *phase == (Phase::Restoring { attempt: restored }) => {
                *phase = Phase::Running(Running::default());
                true
            }
            _ => false,
        }
    }

    /// The open transaction holds writes of a task; `false` if it does not run.
    pub(super) fn touch(&mut self, task: T) -> bool {
        let running = self.running(task);
        running.map(|running| running.dirty = true).is_some()
    }

    /// A task cannot go on; `None` if it is not ours or quarantined already.
    pub(super) fn quarantine(&mut self, task: T) -> Option<Leaving> {
        match self.phases.get_mut(&task)? {
            Phase::Quarantined => None,
            Phase::Running(running) if running.dirty => {
                let paused = running.is_paused();
                running.pauses.leaves = true;
                Some(Leaving::Later((!paused).then_some(Flow::Paused)))
            }
            phase => {
                *phase = Phase::Quarantined;
                Some(Leaving::Now)
            }
        }
    }

    /// A task is to blame for an abort; says whether for one too many.
    pub(super) fn blame(&mut self, task: T) -> bool {
        self.running(task).is_some_and(|running| {
            running.aborts = running.aborts.saturating_add(1);
            running.aborts >= MOST_ABORTS
        })
    }

    /// Whether a task was to blame for an abort since it was committed last.
    pub(super) fn is_blamed(&self) -> bool {
        let blamed = |phase: &Phase| matches!(phase, Phase::Running(running) if running.aborts > 0);
        self.phases.values().any(blamed)
    }

    /// No transaction is open any more; gives the tasks that are quarantined with that.
    pub(super) fn end_transaction(&mut self, committed: bool) -> Vec<T> {
        let mut quarantined = Vec::new();
        for (task, phase) in &mut self.phases {
            if let Phase::Running(running) = phase {
                if committed && running.dirty {
                    running.aborts = 0;
                }
                running.dirty = false;
                if running.pauses.leaves {
                    *phase = Phase::Quarantined;
                    quarantined.push(*task);
                }
            }
        }
        quarantined
    }

    /// The tasks that were to blame rest, or all if none was; gives those that were not paused already.
    pub(super) fn back_off(&mut self) -> Vec<T> {
        let blamed = self.is_blamed();
        let rests = |running: &Running| !blamed || running.aborts > 0;
        let mut paused = Vec::new();
        for (task, phase) in &mut self.phases {
            if let Phase::Running(running) = phase
                && rests(running)
            {
                if !running.is_paused() {
                    paused.push(*task);
                }
                running.pauses.backs_off = true;
            }
        }
        paused
    }

    /// Whoever rests goes on; gives those that are not paused for another reason.
    pub(super) fn end_back_off(&mut self) -> Vec<T> {
        let mut resumed = Vec::new();
        for (task, phase) in &mut self.phases {
            if let Phase::Running(running) = phase
                && std::mem::take(&mut running.pauses.backs_off)
                && !running.is_paused()
            {
                resumed.push(*task);
            }
        }
        resumed
    }

    /// No more of a task can be taken, or can be again; says what follows, if anything.
    pub(super) fn set_full(&mut self, task: T, full: bool) -> Option<Flow> {
        let running = self.running(task)?;
        let before = running.is_paused();
        running.pauses.full = full;
        match (before, running.is_paused()) {
            (false, true) => Some(Flow::Paused),
            (true, false) => Some(Flow::Resumed),
            _ => None,
        }
    }

    /// The task is not ours any more.
    pub(super) fn remove(&mut self, task: T) -> Option<Standing> {
        Some(match self.phases.remove(&task)? {
            Phase::Running(Running { dirty: true, .. }) => Standing::Dirty,
            Phase::Running(_) | Phase::Restoring { .. } | Phase::Quarantined => Standing::Clean,
        })
    }

    fn running(&mut self, task: T) -> Option<&mut Running> {
        match self.phases.get_mut(&task) {
            Some(Phase::Running(running)) => Some(running),
            _ => None,
        }
    }
}
