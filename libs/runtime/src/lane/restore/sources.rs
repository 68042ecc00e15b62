//! What a restore has to read: the partitions of changelogs that hold anything, and what a record of them says.

use super::{BEGIN_ANEW, Job, panicked};
use crate::fault::Fault;
use crate::kafka::Kafka;
use crate::lane::task::Running;
use rdkafka::Message;
use stage::Stores;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;

/// A partition of a changelog that holds anything.
pub(super) struct Source {
    pub topic: String,
    pub partition: i32,
    pub store: &'static str,
    /// The place of its task among those of the job.
    pub task: usize,
    /// Its high watermark, read uncommitted.
    pub high: i64,
}

impl Source {
    /// Takes one record into the state of its task.
    pub(super) fn apply<S: Stores>(
        &self,
        task: &mut Running<S>,
        message: &impl Message,
    ) -> Result<(), Fault> {
        let key = message.key().unwrap_or_default();
        let (stores, mut restored) = (&mut task.stores, Ok(()));
        let whole = catch_unwind(AssertUnwindSafe(|| {
            stores.each(&mut |store| {
                if store.name() == self.store {
                    restored = store.restore(key, message.payload());
                }
            });
        }));
        whole.map_err(|_| panicked().of_task(task.task))?;
        let mending = format!("run the version that wrote it, or begin anew: {BEGIN_ANEW}");
        let (topic, partition) = (&self.topic, self.partition);
        restored.map_err(|error| {
            Fault::halt(format!("{topic}-{partition}: {error}; {mending}")).of_task(task.task)
        })
    }
}

/// The place of a partition among the sources; records come in runs, so where the last one belonged is looked at first.
pub(super) fn source_of(sources: &[Source], last: usize, topic: &str, partition: i32) -> Option<usize> {
    let is = |source: &Source| source.partition == partition && source.topic == topic;
    if sources.get(last).is_some_and(is) {
        return Some(last);
    }
    sources.iter().position(is)
}

impl<S: Stores, K: Kafka> Job<S, K> {
    /// The changelogs that hold anything.
    pub(super) fn sources(&self, tasks: &mut [Running<S>]) -> Result<Vec<Source>, Fault> {
        let mut changelogs = Vec::new();
        for (task, running) in tasks.iter_mut().enumerate() {
            let partition = running.changelog_partition;
            running
                .stores
                .each(&mut |store| changelogs.push((task, partition, store.name())));
        }
        if changelogs.is_empty() {
            return Ok(Vec::new());
        }
        let uncommitted = self.reader("read_uncommitted")?;
        let mut sources = Vec::new();
        for (task, partition, store) in changelogs {
            self.go_on()?;
            let topic = self.names.changelog(store);
            let (low, high) = self.ends_of(&uncommitted, &mut tasks[task], store)?;
            if low < high {
                let of = u64::try_from(high - low).unwrap_or_default();
                self.progress.of.fetch_add(of, Ordering::Relaxed);
                sources.push(Source {
                    topic,
                    partition,
                    store,
                    task,
                    high,
                });
            }
        }
        Ok(sources)
    }

    /// Everything of a task is read.
    pub(super) fn conclude(&self, mut running: Running<S>) -> Result<(), Fault> {
        self.refuse_orphan(&mut running)?;
        self.tell(running);
        Ok(())
    }

    /// State and offset are committed together. Where only the offset is gone (the group stood empty for longer than
    /// `offsets.retention.minutes`, or its topic was deleted), beginning anew would count everything a second time.
    fn refuse_orphan(&self, running: &mut Running<S>) -> Result<(), Fault> {
        let mut keys = 0;
        running.stores.each(&mut |store| keys += store.len());
        if running.committed.is_some() || keys == 0 {
            return Ok(());
        }
        let (group, topic) = (self.names.group(), self.names.topic(running.task.topic));
        Err(Fault::halt(format!(
            "{topic}-{}: the group {group} has no offset any more, but {keys} keys of state; set the offset that belongs \
             to the state, or begin anew: {BEGIN_ANEW}",
            running.task.partition
        ))
        .of_task(running.task))
    }

    /// A consumer without a group.
    pub(super) fn reader(&self, isolation: &str) -> Result<K::Reader, Fault> {
        let mut config = self.client.clone();
        config
            .set("isolation.level", isolation)
            .set("enable.partition.eof", "true")
            .set("group.id", "unused")
            .set("enable.auto.commit", "false")
            .set("auto.offset.reset", "error");
        K::reader(&config).map_err(|error| Fault::of("creating the restoring consumer", &error))
    }
}
