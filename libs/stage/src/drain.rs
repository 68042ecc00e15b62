//! A store outside Kafka that keeps its own offsets, in one transaction with what it stores.

use crate::{FlowCounts, Input};
use model::Millis;
use topology::Topic;

/// A partition of an input topic: what one task reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Task {
    /// The topic.
    pub topic: Topic,
    /// The partition.
    pub partition: i32,
}

/// Stores batches exactly once, in effect: rows and offsets in one transaction of its own.
pub trait Drain: Sized + Send + 'static {
    /// What it reads.
    type In: Input;

    /// Another one for the same store. Both may be used for a while, and the store must tell them apart: what one took
    /// over is no longer the other's.
    #[must_use]
    fn another(&self) -> Self;

    /// Makes these tasks ours: whoever stored them before is refused from now on, also one that does not know it yet.
    /// Answers the next offset to read of each; `None` where nothing was stored yet.
    fn take_over(
        &mut self,
        tasks: &[Task],
    ) -> impl Future<Output = Result<Vec<Option<i64>>, DrainError>> + Send;

    /// Stores a batch and its offsets, or nothing. Where it fails, or is dropped half-way, it is unknown which of the
    /// two; [`Drain::take_over`] finds out.
    fn store(&mut self, batch: Batch<Self::In>) -> impl Future<Output = Result<(), DrainError>> + Send;
}

/// Records of one or more tasks, in the order of their offsets within each task.
#[derive(Debug)]
pub struct Batch<I> {
    /// The records.
    pub records: Vec<Drained<I>>,
    /// How far each task comes with this batch, and what became of its records.
    pub advances: Vec<Advance>,
}

/// One record of a batch. One that cannot be read is none: it is a dead letter before its batch is stored.
#[derive(Debug)]
pub struct Drained<I> {
    /// What it says.
    pub input: I,
    /// Where it stood.
    pub task: Task,
    /// At which offset.
    pub offset: i64,
    /// Its time in Kafka.
    pub time: Millis,
    /// The W3C trace id it carries.
    pub trace_id: Option<String>,
}

/// How far a task comes with a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advance {
    /// The task.
    pub task: Task,
    /// The next offset before the batch; a store that finds another one there must refuse: somebody else owns the task.
    pub from: i64,
    /// The next offset after it.
    pub to: i64,
    /// What became of the records between, to be added to the counts of the task.
    pub counts: FlowCounts,
}

/// Why a batch was not stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DrainError {
    /// The store is away or busy; the same batch may be stored later.
    #[error("the store is away: {0}")]
    Away(String),
    /// The tasks are no longer ours, or stand elsewhere than this batch starts from: another owner was faster. Take
    /// them over again, if they are still given to us, and start from the stored offsets.
    #[error("another owner was faster: {0}")]
    Moved(String),
    /// Nothing can be stored until somebody mends what this says.
    #[error("{0}")]
    Fatal(String),
}
