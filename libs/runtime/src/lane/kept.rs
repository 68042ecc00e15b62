//! The state of tasks beyond the end of the lane that had them. No Kafka, no clock, no I/O.
//!
//! A lane that breaks begins anew with new clients, and mostly is assigned the same partitions. What it knew of their state
//! is still the committed state where the broker names the offset and the metadata that the lane committed last: flow
//! counts and ends of changelogs only grow, so equal metadata means that nobody committed a change meanwhile. Where the
//! outcome of the last commit is unknown, the broker names what stood before or what the commit would leave, and says by
//! that which of the two the state is. Everything else is restored from the changelogs.

use super::task::Running;
use crate::metadata::Metadata;
use stage::{Stores, Task};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What the broker keeps of a task: the committed offset and its metadata.
pub(crate) type Committed = (i64, Metadata);

/// Tasks between two lanes, shared with the restores of both.
pub(crate) struct Kept<S>(Arc<Mutex<BTreeMap<Task, Running<S>>>>);

impl<S> Clone for Kept<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S> Default for Kept<S> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<S> Kept<S> {
    fn tasks(&self) -> MutexGuard<'_, BTreeMap<Task, Running<S>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The lane that had it has ended.
    pub(crate) fn keep(&self, running: Running<S>) {
        self.tasks().insert(running.task, running);
    }

    /// Whoever is to have them has had the time to take them.
    pub(crate) fn clear(&self) {
        self.tasks().clear();
    }
}

impl<S: Stores> Kept<S> {
    /// The task as the broker says that it stands, if that is known; what is kept of it otherwise is dropped.
    pub(crate) fn claim(&self, task: Task, committed: &Committed) -> Option<Running<S>> {
        let running = self.tasks().remove(&task)?;
        running.resume_at(committed)
    }
}
