//! Reads the changelogs of the tasks of one restore, all at once; a task is told as soon as its own are read.

use super::Job;
use super::coverage::Coverage;
use super::shortfall::lost;
use super::sources::{Source, source_of};
use crate::client::{ends, stable_ends};
use crate::fault::Fault;
use crate::host::Instant;
use crate::kafka::{Kafka, Reader};
use crate::lane::task::Running;
use rdkafka::Message;
use rdkafka::error::KafkaError;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use stage::Stores;
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

const STEP: Duration = Duration::from_millis(20);
/// How often it is asked whether a transaction is over.
const ASK_AGAIN: Duration = Duration::from_millis(100);
/// Progress is told once so many records.
const TELL: u64 = 4_096;

impl<S: Stores, K: Kafka> Job<S, K> {
    /// Tells each task once it is restored.
    pub(super) fn read_changelogs(&self, mut running: Vec<Running<S>>) -> Result<(), Fault> {
        let sources = self.sources(&mut running)?;
        if sources.is_empty() {
            return running.into_iter().try_for_each(|running| self.conclude(running));
        }
        let consumer = self.reader("read_committed")?;
        Reading::new(self, consumer, running, sources).read()
    }
}

/// Whether a source is being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Not yet, because a transaction may be open below its end.
    Unsettled,
    Reading,
    /// Not any more: it is read, or nobody wants it.
    Done,
}

/// The reading of one job.
struct Reading<'a, S, K: Kafka> {
    job: &'a Job<S, K>,
    consumer: K::Reader,
    /// Those that are neither told nor let go.
    tasks: Vec<Option<Running<S>>>,
    sources: Vec<Source>,
    stages: Vec<Stage>,
    /// When it was last asked which are settled.
    asked: Instant,
    coverage: Coverage,
    /// Where the last record belonged.
    last: usize,
    /// Records that are not told yet.
    untold: u64,
    progress: Instant,
    /// What the lane had let go when this looked last.
    let_go: usize,
}

impl<'a, S: Stores, K: Kafka> Reading<'a, S, K> {
    fn new(job: &'a Job<S, K>, consumer: K::Reader, running: Vec<Running<S>>, sources: Vec<Source>) -> Self {
        let mut coverage = Coverage::of(running.len());
        for source in &sources {
            coverage.add(source.task, source.high);
        }
        Self {
            job,
            consumer,
            tasks: running.into_iter().map(Some).collect(),
            stages: vec![Stage::Unsettled; sources.len()],
            sources,
            asked: Instant::now(),
            coverage,
            last: 0,
            untold: 0,
            progress: Instant::now(),
            let_go: 0,
        }
    }

    fn read(mut self) -> Result<(), Fault> {
        (0..self.tasks.len()).try_for_each(|task| self.tell_if_whole(task))?;
        self.begin_settled()?;
        loop {
            self.drop_unwanted()?;
            if self.tasks.iter().all(Option::is_none) {
                return Ok(());
            }
            if self.asked.elapsed() >= ASK_AGAIN {
                self.begin_settled()?;
            }
            if !self.turn()? {
                self.look_after()?;
            }
        }
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
                if let Some(at) = source_of(sources, *last, message.topic(), message.partition()) {
                    *last = at;
                    let source = &sources[at];
                    if let Some(running) = &mut tasks[source.task] {
                        source.apply(running, &message)?;
                    }
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

    /// Some changelog came to some end in this partition. The client does not say which, and the end may be another one
    /// than was wanted; where it stands in each tells what is read.
    fn ended(&mut self, partition: i32) -> Result<(), Fault> {
        self.tell_progress();
        let positions = self.consumer.position();
        let positions = positions.map_err(|error| Fault::of("restoring", &error))?;
        let mut read = Vec::new();
        for element in positions.elements() {
            if element.partition() == partition
                && let Offset::Offset(position) = element.offset()
                && let Some(at) = source_of(&self.sources, self.last, element.topic(), partition)
                && self.coverage.stands_at(at, position)
            {
                read.push(at);
            }
        }
        self.stop_reading(&read)?;
        let mut tasks = read
            .into_iter()
            .map(|at| self.sources[at].task)
            .collect::<Vec<_>>();
        tasks.dedup();
        tasks.into_iter().try_for_each(|task| self.tell_if_whole(task))
    }

    fn tell_if_whole(&mut self, task: usize) -> Result<(), Fault> {
        if self.coverage.is_whole(task)
            && let Some(running) = self.tasks[task].take()
        {
            self.job.conclude(running)?;
        }
        Ok(())
    }

    /// What the lane has let go is not read any further, and its state is dropped.
    fn drop_unwanted(&mut self) -> Result<(), Fault> {
        let claim = &self.job.claim;
        let changes = claim.changes();
        if std::mem::replace(&mut self.let_go, changes) == changes {
            return Ok(());
        }
        for task in &mut self.tasks {
            task.take_if(|running| !claim.holds(running.task));
        }
        let unwanted = |at: &usize| self.tasks[self.sources[*at].task].is_none();
        let unwanted: Vec<_> = (0..self.sources.len()).filter(unwanted).collect();
        self.stop_reading(&unwanted)
    }

    fn stop_reading(&mut self, sources: &[usize]) -> Result<(), Fault> {
        let mut list = TopicPartitionList::new();
        for at in sources {
            let Source { topic, partition, .. } = &self.sources[*at];
            if std::mem::replace(&mut self.stages[*at], Stage::Done) == Stage::Reading {
                list.add_partition(topic, *partition);
            }
        }
        let stopped = self.consumer.incremental_unassign(&list);
        stopped.map_err(|error| Fault::of("restoring", &error))
    }

    /// Begins to read the sources below whose end no transaction is open any more.
    fn begin_settled(&mut self) -> Result<(), Fault> {
        self.asked = Instant::now();
        let mut unsettled = BTreeMap::<&str, Vec<(usize, i32)>>::new();
        for (at, source) in self.sources.iter().enumerate() {
            if self.stages[at] == Stage::Unsettled {
                let of_topic = unsettled.entry(&source.topic).or_default();
                of_topic.push((at, source.partition));
            }
        }
        let mut list = TopicPartitionList::new();
        for (topic, sources) in unsettled {
            self.job.go_on()?;
            let partitions: Vec<i32> = sources.iter().map(|(_, partition)| *partition).collect();
            let stable = stable_ends(&self.consumer, topic, &partitions)?;
            for ((at, partition), stable) in sources.into_iter().zip(stable) {
                if stable >= self.sources[at].high {
                    self.stages[at] = Stage::Reading;
                    let added = list.add_partition_offset(topic, partition, Offset::Beginning);
                    added.map_err(|error| Fault::of("restoring", &error))?;
                }
            }
        }
        let assigned = self.consumer.incremental_assign(&list);
        assigned.map_err(|error| Fault::of("restoring", &error))
    }

    /// Nothing came: is that still a wait?
    fn look_after(&mut self) -> Result<(), Fault> {
        if self.untold > 0 {
            self.tell_progress();
        }
        let patience = self.job.patience;
        if self.progress.elapsed() < patience {
            return Ok(());
        }
        self.refuse_cut()?;
        let waiting = self.stages.iter().filter(|stage| **stage == Stage::Unsettled);
        Err(Fault::rebuild(format!(
            "restoring stands still: nothing came for {patience:?}, {} changelogs wait for a transaction to end",
            waiting.count()
        )))
    }

    /// A changelog that is shorter than it was at the start never comes to its end.
    fn refuse_cut(&self) -> Result<(), Fault> {
        let reading = self.sources.iter().zip(&self.stages);
        let reading = reading.filter(|(_, stage)| **stage == Stage::Reading);
        for (source, _) in reading {
            let (_, end) = ends(&self.consumer, &source.topic, source.partition)?;
            if end < source.high {
                let at = format!("{}-{}", source.topic, source.partition);
                let high = source.high;
                let fault = lost(&format!("{at} ended at {high} and now ends at {end}"));
                let running = self.tasks[source.task].as_ref();
                return Err(running.map_or(fault.clone(), |running| fault.of_task(running.task)));
            }
        }
        Ok(())
    }
}
