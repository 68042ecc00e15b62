//! Rebuilds the state of tasks from their changelogs, on a thread of its own, while other tasks run.
//!
//! Restored means: everything below the high watermark that was read *uncommitted* at the start has been seen. An open
//! transaction of a predecessor pins the last stable offset below newer committed state (KAFKA-10167), so a changelog is
//! read only once that is over; only then does the end of a `read_committed` partition mean the end of the state. The
//! end is where the client's fetch position stands, not where the last record stood: control records and compaction
//! leave none there. A changelog that brings nothing for a while, or that got shorter, is an error and no wait.
//!
//! A restore whose tasks were taken away meanwhile stops; one that panics is a fault like any other.

mod changelogs;
mod claim;
mod coverage;
mod layout;
mod shortfall;
mod sources;
mod standing;

use super::kept::Kept;
use super::task::Running;
use crate::config::LaneConfig;
use crate::fault::Fault;
use crate::host::mpsc::{self, Receiver, Sender};
use crate::host::{Instant, thread};
use crate::kafka::Kafka;
use crate::names::Names;
use crate::observer::RestoreProgress;
use claim::Claim;
use rdkafka::config::ClientConfig;
use stage::{Stores, Task};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

const CALL: Duration = Duration::from_secs(15);
/// Without any progress for this much longer than the broker lets a transaction be open, a restore is an error and no wait:
/// it may wait for the transaction of a predecessor.
const PATIENCE: Duration = Duration::from_mins(1);

/// How to begin a stage anew. Offsets and state go together: one without the other counts events twice, or never.
const BEGIN_ANEW: &str =
    "stop the stage, delete its group and all of its changelogs, and run `sluicebox topics apply`";

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
}

/// The restores of a lane; they end when it does.
pub(super) struct Restorer<S> {
    words: (Sender<Word<S>>, Receiver<Word<S>>),
    progress: Arc<Progress>,
    /// What the lane before left.
    kept: Kept<S>,
    /// Of every restore that may still be under way.
    claims: Vec<Arc<Claim>>,
    began: Instant,
}

/// One restore: the tasks of one assignment.
struct Job<S, K: Kafka> {
    attempt: u64,
    tasks: Vec<Task>,
    claim: Arc<Claim>,
    group: Arc<K::Consumer>,
    /// The configuration of a consumer without a group.
    client: ClientConfig,
    /// How long nothing may come.
    patience: Duration,
    names: Names,
    /// Partitions of every topic of the stream.
    partitions: i32,
    words: Sender<Word<S>>,
    kept: Kept<S>,
    /// Those of the tasks that are restored.
    told: RefCell<BTreeSet<Task>>,
    progress: Arc<Progress>,
}

impl<S: Stores> Restorer<S> {
    /// Nothing is being restored.
    pub(super) fn new(kept: Kept<S>) -> Self {
        Self {
            words: mpsc::channel(),
            progress: Arc::default(),
            kept,
            claims: Vec::new(),
            began: Instant::now(),
        }
    }

    /// Begins to restore these tasks.
    pub(super) fn begin<K: Kafka>(
        &mut self,
        config: &LaneConfig,
        group: Arc<K::Consumer>,
        tasks: Vec<Task>,
        attempt: u64,
    ) -> Result<(), Fault> {
        if self.progress.jobs.fetch_add(1, Ordering::AcqRel) == 0 {
            self.began = Instant::now();
            self.progress.read.store(0, Ordering::Relaxed);
            self.progress.of.store(0, Ordering::Relaxed);
        }
        let claim = Arc::new(Claim::of(&tasks));
        self.claims.retain(|claim| Arc::strong_count(claim) > 1);
        self.claims.push(Arc::clone(&claim));
        let job = Job::<S, K> {
            attempt,
            tasks,
            claim,
            group,
            client: config.client.clone(),
            patience: config.limit.saturating_add(PATIENCE),
            names: config.names.clone(),
            partitions: config.partitions,
            words: self.words.0.clone(),
            kept: self.kept.clone(),
            told: RefCell::default(),
            progress: Arc::clone(&self.progress),
        };
        let thread = thread::Builder::new().name("restore".to_owned());
        let started = thread.spawn(move || job.run());
        started.map_err(|error| Fault::halt(format!("a thread cannot be started: {error}")))?;
        Ok(())
    }

    /// These tasks are not ours any more; whatever is being restored of them is not wanted.
    pub(super) fn let_go(&self, tasks: &[Task]) {
        self.claims.iter().for_each(|claim| claim.let_go(tasks));
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
        self.claims.iter().for_each(|claim| claim.let_all_go());
    }
}

impl<S: Stores, K: Kafka> Job<S, K> {
    /// Whatever comes of it is told, unless nobody wants to know any more.
    fn run(mut self) {
        let restored = catch_unwind(AssertUnwindSafe(|| self.restore_all()));
        self.progress.jobs.fetch_sub(1, Ordering::AcqRel);
        if let Err(fault) = restored.unwrap_or_else(|_| Err(panicked()))
            && !self.claim.is_over()
        {
            let _ = self.words.send(Word::Failed(fault));
        }
    }

    /// What only a person can mend of one task holds up no other: the others are read again without it.
    fn restore_all(&mut self) -> Result<(), Fault> {
        while let Err(fault) = self.restore() {
            let Some(quarantined) = fault.quarantines() else {
                return Err(fault);
            };
            let (told, claim) = (self.told.take(), &self.claim);
            if claim.holds(quarantined) {
                let _ = self.words.send(Word::Failed(fault));
            }
            self.tasks
                .retain(|task| *task != quarantined && !told.contains(task) && claim.holds(*task));
            if self.tasks.is_empty() {
                break;
            }
        }
        Ok(())
    }

    /// Offsets first: the broker answers once no transaction that would move them is open, so no predecessor writes to
    /// the changelogs after that.
    fn restore(&self) -> Result<(), Fault> {
        let fresh = self.standing()?;
        self.read_changelogs(self.resume(fresh))
    }

    /// Tells those whose state the lane before kept; gives the others.
    fn resume(&self, fresh: Vec<Running<S>>) -> Vec<Running<S>> {
        let resumed = |running: Running<S>| {
            let kept = running
                .standing()
                .and_then(|committed| self.kept.claim(running.task, committed));
            kept.map_or(Some(running), |kept| {
                self.tell(kept);
                None
            })
        };
        fresh.into_iter().filter_map(resumed).collect()
    }

    /// An error once nobody wants any of it any more; it is not told then.
    fn go_on(&self) -> Result<(), Fault> {
        if self.claim.is_over() {
            return Err(Fault::rebuild("the restore is no longer wanted"));
        }
        Ok(())
    }

    fn tell(&self, running: Running<S>) {
        self.told.borrow_mut().insert(running.task);
        let (running, attempt) = (Box::new(running), self.attempt);
        let told = self.words.send(Word::Restored { running, attempt });
        // The lane has ended meanwhile.
        if let Err(unsent) = told
            && let Word::Restored { running, .. } = unsent.0
        {
            self.kept.keep(*running);
        }
    }
}

/// A panic would only come again; its message is in the log.
fn panicked() -> Fault {
    Fault::halt(format!(
        "restoring panicked, see the log for where; report it, and run the version before, or begin anew: {BEGIN_ANEW}"
    ))
}
