//! Rebuilds the state of tasks from their changelogs, on a thread of its own, while other tasks run.
//!
//! Restored means: everything below the high watermark that was read *uncommitted* at the start has been seen. An open
//! transaction of a predecessor pins the last stable offset below newer committed state (KAFKA-10167), so a changelog is
//! read only once that is over; only then does the end of a `read_committed` partition mean the end of the state. The
//! end is where the client's fetch position stands, not where the last record stood: control records and compaction
//! leave none there. A changelog that brings nothing for a while, or that got shorter, is an error and no wait.

mod changelogs;
mod standing;

use super::membership::GroupContext;
use super::task::Running;
use crate::config::LaneConfig;
use crate::fault::Fault;
use crate::names::Names;
use crate::observer::RestoreProgress;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::BaseConsumer;
use stage::{Stores, Task};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant};

const CALL: Duration = Duration::from_secs(15);
/// Without any progress for this long, a restore is an error and no wait; below `max.poll.interval.ms`, and above the
/// time after which the broker aborts a transaction.
const PATIENCE: Duration = Duration::from_mins(1);

/// What became of a restore.
pub(super) enum Word<S> {
    /// A task is as its last commit left it.
    Restored { running: Box<Running<S>>, attempt: u64 },
    /// Tasks cannot be restored.
    Failed(Fault),
}

/// How far the restores of a lane are.
#[derive(Default)]
struct Progress {
    jobs: AtomicUsize,
    read: AtomicU64,
    of: AtomicU64,
    cancelled: AtomicBool,
}

/// The restores of a lane; they end when it does.
pub(super) struct Restorer<S> {
    words: (Sender<Word<S>>, Receiver<Word<S>>),
    progress: Arc<Progress>,
    began: Instant,
}

/// One restore: the tasks of one assignment.
struct Job<S> {
    attempt: u64,
    tasks: Vec<Task>,
    group: Arc<BaseConsumer<GroupContext>>,
    /// The configuration of a consumer without a group.
    client: ClientConfig,
    names: Names,
    /// Partitions of every topic of the stream.
    partitions: i32,
    words: Sender<Word<S>>,
    /// Those of the tasks that are restored.
    told: RefCell<BTreeSet<Task>>,
    progress: Arc<Progress>,
}

impl<S: Stores> Restorer<S> {
    /// Nothing is being restored.
    pub(super) fn new() -> Self {
        Self {
            words: mpsc::channel(),
            progress: Arc::default(),
            began: Instant::now(),
        }
    }

    /// Begins to restore these tasks.
    pub(super) fn begin(
        &mut self,
        config: &LaneConfig,
        group: Arc<BaseConsumer<GroupContext>>,
        tasks: Vec<Task>,
        attempt: u64,
    ) -> Result<(), Fault> {
        if self.progress.jobs.fetch_add(1, Ordering::AcqRel) == 0 {
            self.began = Instant::now();
            self.progress.read.store(0, Ordering::Relaxed);
            self.progress.of.store(0, Ordering::Relaxed);
        }
        let job = Job {
            attempt,
            tasks,
            group,
            client: config.client.clone(),
            names: config.names.clone(),
            partitions: config.partitions,
            words: self.words.0.clone(),
            told: RefCell::default(),
            progress: Arc::clone(&self.progress),
        };
        let thread = std::thread::Builder::new().name("restore".to_owned());
        let started = thread.spawn(move || job.run());
        started.map_err(|error| Fault::halt(format!("a thread cannot be started: {error}")))?;
        Ok(())
    }

    /// What became of a restore, if there is news.
    pub(super) fn next(&self) -> Option<Word<S>> {
        self.words.1.try_recv().ok()
    }

    /// How far it is; `None` when nothing is being restored.
    pub(super) fn progress(&self) -> Option<RestoreProgress> {
        let progress = &self.progress;
        (progress.jobs.load(Ordering::Acquire) > 0).then(|| RestoreProgress {
            read: progress.read.load(Ordering::Relaxed),
            of: progress.of.load(Ordering::Relaxed),
            took: self.began.elapsed(),
        })
    }
}

impl<S> Drop for Restorer<S> {
    fn drop(&mut self) {
        self.progress.cancelled.store(true, Ordering::Release);
    }
}

impl<S: Stores> Job<S> {
    fn run(mut self) {
        if let Err(fault) = self.restore_all() {
            let _ = self.words.send(Word::Failed(fault));
        }
        self.progress.jobs.fetch_sub(1, Ordering::AcqRel);
    }

    /// What only a person can mend of one task holds up no other: the others are read again without it.
    fn restore_all(&mut self) -> Result<(), Fault> {
        while let Err(fault) = self.restore() {
            let Some(quarantined) = fault.quarantines() else {
                return Err(fault);
            };
            let told = self.told.take();
            self.tasks
                .retain(|task| *task != quarantined && !told.contains(task));
            let _ = self.words.send(Word::Failed(fault));
            if self.tasks.is_empty() {
                break;
            }
        }
        Ok(())
    }

    /// Offsets first: the broker answers once no transaction that would move them is open, so no predecessor writes to
    /// the changelogs after that.
    fn restore(&self) -> Result<(), Fault> {
        let running = self.standing()?;
        self.read_changelogs(running)
    }

    fn tell(&self, running: Running<S>) {
        self.told.borrow_mut().insert(running.task);
        let (running, attempt) = (Box::new(running), self.attempt);
        let _ = self.words.send(Word::Restored { running, attempt });
    }

    fn is_cancelled(&self) -> bool {
        self.progress.cancelled.load(Ordering::Acquire)
    }
}
