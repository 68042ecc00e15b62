//! Which tasks of a restore the lane still wants: it lets go of those that the group takes away, and the restore sees that
//! at its next step. A restore that nobody wants any more must not go on reading, with a copy of the state of its own.

use stage::Task;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// The tasks of one restore, shared by the lane and the thread that restores them.
#[derive(Debug)]
pub(super) struct Claim {
    wanted: Mutex<Vec<Task>>,
    /// Counts what was let go, so that a look costs no lock.
    changes: AtomicUsize,
}

impl Claim {
    /// All of these are wanted.
    pub(super) fn of(tasks: &[Task]) -> Self {
        Self {
            wanted: Mutex::new(tasks.to_vec()),
            changes: AtomicUsize::new(0),
        }
    }

    /// These are not wanted any more.
    pub(super) fn let_go(&self, tasks: &[Task]) {
        self.retain(|task| !tasks.contains(task));
    }

    /// None is wanted any more.
    pub(super) fn let_all_go(&self) {
        self.retain(|_| false);
    }

    fn retain(&self, wanted: impl Fn(&Task) -> bool) {
        let mut tasks = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.retain(wanted);
        self.changes.fetch_add(1, Ordering::Release);
    }

    /// A number that changes whenever something is let go.
    pub(super) fn changes(&self) -> usize {
        self.changes.load(Ordering::Acquire)
    }

    /// Whether a task is still wanted.
    pub(super) fn holds(&self, task: Task) -> bool {
        let tasks = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.contains(&task)
    }

    /// Whether none is.
    pub(super) fn is_over(&self) -> bool {
        let tasks = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use topology::Topic;

    const fn task(partition: i32) -> Task {
        Task {
            topic: Topic::EventsScored,
            partition,
        }
    }

    #[test]
    fn what_is_let_go_is_seen_and_the_rest_is_held() {
        let claim = Claim::of(&[task(0), task(1)]);
        let before = claim.changes();
        claim.let_go(&[task(1), task(7)]);
        assert_ne!(claim.changes(), before);
        assert!(claim.holds(task(0)) && !claim.holds(task(1)) && !claim.is_over());
        claim.let_all_go();
        assert!(claim.is_over());
    }
}
