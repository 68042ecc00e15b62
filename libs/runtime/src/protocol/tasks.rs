//! The tasks of a lane, as far as the protocol cares: restoring or running, touched by the open transaction or not,
//! paused or not. No Kafka, no clock, no thread, no I/O.

use std::collections::BTreeMap;

/// How a task that was ours stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Being restored, or running without part in the open transaction.
    Clean,
    /// The open transaction holds writes of it.
    Dirty,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Phase {
    Restoring { attempt: u64 },
    Running { dirty: bool, paused: bool },
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

    /// A restore is done; whether the task may run now.
    pub(super) fn run(&mut self, task: T, restored: u64) -> bool {
        match self.phases.get_mut(&task) {
            Some(phase) if *phase == (Phase::Restoring { attempt: restored }) => {
                *phase = Phase::Running {
                    dirty: false,
                    paused: false,
                };
                true
            }
            _ => false,
        }
    }

    /// The open transaction holds writes of a task; `false` if it does not run.
    pub(super) fn touch(&mut self, task: T) -> bool {
        match self.phases.get_mut(&task) {
            Some(Phase::Running { dirty, .. }) => {
                *dirty = true;
                true
            }
            _ => false,
        }
    }

    /// No transaction is open any more.
    pub(super) fn clean(&mut self) {
        for phase in self.phases.values_mut() {
            if let Phase::Running { dirty, .. } = phase {
                *dirty = false;
            }
        }
    }

    /// Whether a task that runs was not paused and is now.
    pub(super) fn pause(&mut self, task: T) -> bool {
        self.set_paused(task, true)
    }

    /// Whether a task that runs was paused and is not now.
    pub(super) fn resume(&mut self, task: T) -> bool {
        self.set_paused(task, false)
    }

    fn set_paused(&mut self, task: T, wanted: bool) -> bool {
        match self.phases.get_mut(&task) {
            Some(Phase::Running { paused, .. }) => std::mem::replace(paused, wanted) != wanted,
            _ => false,
        }
    }

    /// The task is not ours any more.
    pub(super) fn remove(&mut self, task: T) -> Option<Standing> {
        Some(match self.phases.remove(&task)? {
            Phase::Running { dirty: true, .. } => Standing::Dirty,
            Phase::Running { .. } | Phase::Restoring { .. } => Standing::Clean,
        })
    }
}
