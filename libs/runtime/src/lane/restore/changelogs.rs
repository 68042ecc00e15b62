//! Reads the changelogs of the tasks of one restore, all at once; a task is told as soon as its own are read.

use super::{Job, PATIENCE};
use crate::client::{EndSeeker, ends};
use crate::fault::Fault;
use crate::lane::task::Running;
use rdkafka::Message;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use stage::Stores;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

const STEP: Duration = Duration::from_millis(20);
/// Progress is told once so many records.
const TELL: u64 = 4_096;

/// A partition of a changelog that holds anything.
struct Source {
    topic: String,
    partition: i32,
    store: &'static str,
    /// The place of its task among those of the job.
    task: usize,
    /// Its high watermark, read uncommitted.
    high: i64,
}

/// A task, and how many of its changelogs are left to read.
struct Left<S> {
    running: Option<Running<S>>,
    partition: i32,
    sources: usize,
}

impl<S: Stores> Job<S> {
    /// Tells each task once it is restored.
    pub(super) fn read_changelogs(&self, running: Vec<Running<S>>) -> Result<(), Fault> {
        let left = |running: Running<S>| Left {
            partition: running.changelog_partition,
            running: Some(running),
            sources: 0,
        };
        let mut tasks: Vec<_> = running.into_iter().map(left).collect();
        let sources = self.sources(&mut tasks)?;
        for task in &mut tasks {
            self.tell_if_done(task)?;
        }
        if sources.is_empty() {
            return Ok(());
        }
        let consumer = self.client("read_committed")?;
        Reading::new(self, consumer, tasks, sources).read()
    }

    /// The changelogs that hold anything.
    fn sources(&self, tasks: &mut [Left<S>]) -> Result<Vec<Source>, Fault> {
        let mut sources = Vec::new();
        for (task, left) in tasks.iter_mut().enumerate() {
            let Some(running) = &mut left.running else {
                continue;
            };
            let partition = left.partition;
            running
                .stores
                .each(&mut |store| sources.push((task, partition, store.name())));
        }
        if sources.is_empty() {
            return Ok(Vec::new());
        }
        let uncommitted = self.client("read_uncommitted")?;
        let mut filled = Vec::new();
        for (task, partition, store) in sources {
            let topic = self.names.changelog(store);
            let (low, high) = ends(&uncommitted, &topic, partition)?;
            if low < high {
                tasks[task].sources += 1;
                let of = u64::try_from(high - low).unwrap_or_default();
                self.progress.of.fetch_add(of, Ordering::Relaxed);
                filled.push(Source {
                    topic,
                    partition,
                    store,
                    task,
                    high,
                });
            }
        }
        Ok(filled)
    }

    fn tell_if_done(&self, left: &mut Left<S>) -> Result<(), Fault> {
        if left.sources == 0
            && let Some(mut running) = left.running.take()
        {
            self.refuse_orphan(&mut running)?;
            self.tell(running);
        }
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
            "{topic}-{}: the group {group} has no offset any more, but {keys} keys of state; delete the stage's \
             changelogs to begin anew, or set the offset that belongs to the state",
            running.task.partition
        ))
        .of_task(running.task))
    }

    fn client(&self, isolation: &str) -> Result<BaseConsumer<EndSeeker>, Fault> {
        let mut config = self.client.clone();
        config
            .set("isolation.level", isolation)
            .set("enable.partition.eof", "true")
            .set("group.id", "unused")
            .set("enable.auto.commit", "false")
            .set("auto.offset.reset", "error");
        config
            .create_with_context(EndSeeker)
            .map_err(|error| Fault::of("creating the restoring consumer", &error))
    }
}

/// The reading of one job.
struct Reading<'a, S> {
    job: &'a Job<S>,
    consumer: BaseConsumer<EndSeeker>,
    tasks: Vec<Left<S>>,
    sources: Vec<Source>,
    /// Which of the sources are not read yet, because a transaction is open below their end.
    unsettled: Vec<usize>,
    /// Records come in runs of one partition; where the last one belonged.
    last: usize,
    /// Records that are not told yet.
    untold: u64,
    progress: Instant,
}

impl<'a, S: Stores> Reading<'a, S> {
    fn new(
        job: &'a Job<S>,
        consumer: BaseConsumer<EndSeeker>,
        tasks: Vec<Left<S>>,
        sources: Vec<Source>,
    ) -> Self {
        Self {
            job,
            consumer,
            tasks,
            unsettled: (0..sources.len()).collect(),
            sources,
            last: 0,
            untold: 0,
            progress: Instant::now(),
        }
    }

    fn read(mut self) -> Result<(), Fault> {
        while self.tasks.iter().any(|task| task.running.is_some()) {
            if !self.unsettled.is_empty() {
                self.begin_settled()?;
            }
            if !self.turn()? {
                self.look_after()?;
            }
        }
        Ok(())
    }

    /// Takes one record or one end; `false` when none came.
    fn turn(&mut self) -> Result<bool, Fault> {
        let Self {
            consumer,
            tasks,
            sources,
            last,
            ..
        } = self;
        let ended = match consumer.poll(STEP) {
            None => return Ok(false),
            Some(Err(KafkaError::PartitionEOF(partition))) => Some(partition),
            Some(Err(error)) => return Err(Fault::of("restoring", &error)),
            Some(Ok(message)) => {
                *last = source_of(sources, *last, message.topic(), message.partition());
                let source = &sources[*last];
                if let Some(running) = &mut tasks[source.task].running {
                    apply(source, running, &message)?;
                }
                None
            }
        };
        match ended {
            Some(partition) => self.ended(partition)?,
            None => self.count(),
        }
        Ok(true)
    }

    fn count(&mut self) {
        self.untold += 1;
        if self.untold == TELL {
            self.tell_progress();
        }
    }

    fn tell_progress(&mut self) {
        self.job.progress.read.fetch_add(self.untold, Ordering::Relaxed);
        self.untold = 0;
        self.progress = Instant::now();
    }

    /// One of the changelogs of a task is read. The client names the partition alone, and a task has one for itself.
    fn ended(&mut self, partition: i32) -> Result<(), Fault> {
        self.tell_progress();
        if let Some(left) = self.tasks.iter_mut().find(|left| left.partition == partition) {
            left.sources = left.sources.saturating_sub(1);
            self.job.tell_if_done(left)?;
        }
        Ok(())
    }

    /// Begins to read the sources below whose end no transaction is open any more.
    fn begin_settled(&mut self) -> Result<(), Fault> {
        let mut list = TopicPartitionList::new();
        let (consumer, sources) = (&self.consumer, &self.sources);
        let mut error = None;
        self.unsettled.retain(|at| {
            let Source {
                topic,
                partition,
                high,
                ..
            } = &sources[*at];
            match ends(consumer, topic, *partition) {
                Ok((_, stable)) if stable >= *high => {
                    let added = list.add_partition_offset(topic, *partition, Offset::Beginning);
                    error = error
                        .take()
                        .or(added.err().map(|error| Fault::of("restoring", &error)));
                    false
                }
                Ok(_) => true,
                Err(fault) => {
                    error = Some(fault);
                    true
                }
            }
        });
        if let Some(fault) = error {
            return Err(fault);
        }
        let assigned = self.consumer.incremental_assign(&list);
        assigned.map_err(|error| Fault::of("restoring", &error))
    }

    /// Nothing came: is that still a wait?
    fn look_after(&mut self) -> Result<(), Fault> {
        if self.job.is_cancelled() {
            return Err(Fault::rebuild("the restore is no longer wanted"));
        }
        if self.untold > 0 {
            self.tell_progress();
        }
        if self.progress.elapsed() < PATIENCE {
            return Ok(());
        }
        let settled = (0..self.sources.len()).filter(|at| !self.unsettled.contains(at));
        for source in settled.map(|at| &self.sources[at]) {
            let (_, end) = ends(&self.consumer, &source.topic, source.partition)?;
            if end < source.high {
                let fault = Fault::halt(format!(
                    "{}-{} ended at {} and now ends at {end}: the changelog was cut while it was read; reset the \
                     stage's group and changelogs",
                    source.topic, source.partition, source.high
                ));
                let running = self.tasks[source.task].running.as_ref();
                return Err(running.map_or(fault.clone(), |running| fault.of_task(running.task)));
            }
        }
        Err(Fault::rebuild(format!(
            "restoring stands still: nothing came for {PATIENCE:?}, {} changelogs wait for a transaction to end",
            self.unsettled.len()
        )))
    }
}

fn source_of(sources: &[Source], last: usize, topic: &str, partition: i32) -> usize {
    let is = |source: &Source| source.partition == partition && source.topic == topic;
    if is(&sources[last]) {
        return last;
    }
    sources.iter().position(is).unwrap_or(last)
}

fn apply<S: Stores>(source: &Source, task: &mut Running<S>, message: &impl Message) -> Result<(), Fault> {
    let key = message.key().unwrap_or_default();
    let mut restored = Ok(());
    task.stores.each(&mut |store| {
        if store.name() == source.store {
            restored = store.restore(key, message.payload());
        }
    });
    let mending = "run the version that wrote it, or reset the stage's group and changelogs";
    let (topic, partition) = (&source.topic, source.partition);
    restored
        .map_err(|error| Fault::halt(format!("{topic}-{partition}: {error}; {mending}")).of_task(task.task))
}
