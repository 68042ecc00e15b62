//! The lane's consumer: records in, partitions taken up and let go.

use super::census::{self, Census, Expected};
use super::membership::{GroupContext, Membership};
use crate::config::LaneConfig;
use crate::fault::{Fault, is_retried};
use crate::host::{Instant, mpsc, thread};
use crate::kafka::{GroupConsumer, Kafka, Librdkafka, Reader, RecordOf};
use crate::names::Names;
use rdkafka::consumer::CommitMode;
use rdkafka::error::KafkaError;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use stage::Task;
use std::sync::Arc;
use std::time::Duration;

const CALL: Duration = Duration::from_secs(15);
/// How long the group is waited for when the lane leaves it, and how often it is asked.
const LEAVING: Duration = Duration::from_secs(2);
const STEP: Duration = Duration::from_millis(5);
/// How long an answer is waited for by whoever asks only whether there is one.
const KNOCK: Duration = Duration::from_millis(200);

fn expected(config: &LaneConfig) -> Expected {
    let topics = config.names.stage.inputs().into_iter();
    let topics = topics.map(|topic| config.names.topic(topic).to_owned());
    Expected {
        group: config.names.group(),
        instance: config
            .consumer
            .get("group.instance.id")
            .unwrap_or_default()
            .to_owned(),
        topics: topics.collect(),
    }
}

/// A member of a group and its generation.
type GroupOf<K> = <<K as Kafka>::Consumer as GroupConsumer>::Group;

/// A subscribed consumer.
pub(crate) struct Intake<K: Kafka = Librdkafka> {
    consumer: Arc<K::Consumer>,
    names: Names,
    census: Census,
    /// Whether the group is to be left, and not only the client.
    leaves: bool,
}

impl<K: Kafka> Intake<K> {
    /// Subscribes to the stage's inputs.
    pub(crate) fn new(config: &LaneConfig) -> Result<Self, Fault> {
        let names = config.names.clone();
        let context = GroupContext::new(names.prefix().clone());
        let made = K::consumer(&config.consumer, context);
        let consumer = made.map_err(|error| Fault::of("creating the consumer", &error))?;
        let topics: Vec<&str> = names
            .stage
            .inputs()
            .into_iter()
            .map(|topic| names.topic(topic))
            .collect();
        consumer
            .subscribe(&topics)
            .map_err(|error| Fault::of("subscribing", &error))?;
        Ok(Self {
            consumer: Arc::new(consumer),
            census: Census::new(expected(config)),
            leaves: false,
            names,
        })
    }

    /// Looks now and then whether some partition is nobody's; whoever is to mend that leaves and joins again.
    pub(crate) fn look_around(&mut self) -> Result<(), Fault> {
        match self.census.look(&self.consumer) {
            None => Ok(()),
            Some(partition) => {
                self.leaves = true;
                Err(Fault::rebuild(format!(
                    "the group has given {partition} to nobody: leaving it, to join again"
                )))
            }
        }
    }

    /// The consumer, for whoever restores: it may be asked from another thread.
    pub(crate) fn consumer(&self) -> Arc<K::Consumer> {
        Arc::clone(&self.consumer)
    }

    /// The next record, if one comes within this time.
    pub(crate) fn poll(&self, wait: Duration) -> Result<Option<RecordOf<'_, K>>, Fault> {
        match self.consumer.poll(wait) {
            None | Some(Err(KafkaError::PartitionEOF(_))) => Ok(None),
            Some(Ok(message)) => {
                self.consumer.context().heard();
                Ok(Some(message))
            }
            Some(Err(error)) if is_retried(&error) => {
                tracing::debug!(%error, "fetching");
                Ok(None)
            }
            Some(Err(error)) => Err(Fault::of(&format!("fetching {}", self.inputs()), &error)),
        }
    }

    /// The names of the topics; the client says of a failure neither topic nor partition.
    fn inputs(&self) -> String {
        let topics: Vec<&str> = self
            .names
            .stage
            .inputs()
            .into_iter()
            .map(|topic| self.names.topic(topic))
            .collect();
        topics.join(", ")
    }

    /// The oldest word of the group not yet heard.
    pub(crate) fn membership(&self) -> Option<Membership> {
        self.consumer.context().next()
    }

    /// Whether the group has said something not yet heard.
    pub(crate) fn has_news(&self) -> bool {
        self.consumer.context().is_waiting()
    }

    /// Whether every broker is out of reach, as far as the client knows.
    pub(crate) fn is_away(&self) -> bool {
        self.consumer.context().is_away()
    }

    /// Asks the broker for anything, so that its return is noticed though no record comes.
    pub(crate) fn knock(&self) {
        let topic = self.names.stage.inputs().first().copied();
        let answers = |topic| self.consumer.partitions(self.names.topic(topic), KNOCK).is_ok();
        if topic.is_some_and(answers) {
            self.consumer.context().heard();
        }
    }

    /// Begins to fetch these tasks, each from its offset; from its beginning if nothing was ever committed.
    pub(crate) fn take_up(&self, tasks: &[(Task, Option<i64>)]) -> Result<(), Fault> {
        let mut list = TopicPartitionList::new();
        for (task, offset) in tasks {
            let offset = offset.map_or(Offset::Beginning, Offset::Offset);
            let added = list.add_partition_offset(self.names.topic(task.topic), task.partition, offset);
            added.map_err(|error| Fault::of("taking up partitions", &error))?;
        }
        self.consumer
            .incremental_assign(&list)
            .map_err(|error| Fault::of("taking up partitions", &error))
    }

    /// Fetches nothing of a task any more, if anything was; the group still gives it to us.
    pub(crate) fn put_down(&self, task: Task) -> Result<(), Fault> {
        let (topic, partition) = (self.names.topic(task.topic), task.partition);
        let fault = |error| Fault::of("putting a partition down", &error);
        let taken = self.consumer.assignment().map_err(fault)?;
        if taken.find_partition(topic, partition).is_none() {
            return Ok(());
        }
        let mut list = TopicPartitionList::new();
        list.add_partition(topic, partition);
        self.consumer.incremental_unassign(&list).map_err(fault)
    }

    /// Reads these tasks again from these offsets.
    pub(crate) fn rewind(&self, tasks: &[(Task, i64)]) -> Result<(), Fault> {
        if tasks.is_empty() {
            return Ok(());
        }
        let mut list = TopicPartitionList::new();
        for (task, offset) in tasks {
            let added = list.add_partition_offset(
                self.names.topic(task.topic),
                task.partition,
                Offset::Offset(*offset),
            );
            added.map_err(|error| Fault::rebuild(error.to_string()))?;
        }
        let sought = self
            .consumer
            .seek_partitions(list, CALL)
            .map_err(|error| Fault::rebuild(error.to_string()))?;
        match sought.elements().iter().find_map(|element| element.error().err()) {
            Some(error) => Err(Fault::rebuild(format!("seeking after an abort: {error}"))),
            None => Ok(()),
        }
    }

    /// Takes no records of a task for now, or takes them again.
    pub(crate) fn pause(&self, task: Task, pause: bool) -> Result<(), Fault> {
        let mut list = TopicPartitionList::new();
        list.add_partition(self.names.topic(task.topic), task.partition);
        let done = if pause {
            self.consumer.pause(&list)
        } else {
            self.consumer.resume(&list)
        };
        done.map_err(|error| Fault::of("pausing a partition", &error))
    }

    /// Stops or goes on fetching everything that is taken up.
    pub(crate) fn hold(&self, hold: bool) -> Result<(), Fault> {
        let all = self
            .consumer
            .assignment()
            .map_err(|error| Fault::of("reading the assignment", &error))?;
        let done = if hold {
            self.consumer.pause(&all)
        } else {
            self.consumer.resume(&all)
        };
        done.map_err(|error| Fault::of("pausing", &error))
    }

    /// Leaves the group, so that others need not wait for the session to time out: a static member does not do so by
    /// closing alone.
    pub(crate) fn leave(mut self) {
        let leaves = std::mem::take(&mut self.leaves);
        let deadline = Instant::now() + LEAVING;
        self.consumer.unsubscribe();
        while Instant::now() < deadline && self.consumer.assignment().is_ok_and(|all| all.count() > 0) {
            let _ = self.consumer.poll(STEP);
        }
        // One that has nothing is not told when the group has let it go, and would come back as if it had stayed.
        while leaves && Instant::now() < deadline && self.is_counted_in() {
            let _ = self.consumer.poll(STEP);
        }
        self.forsake();
    }

    fn is_counted_in(&self) -> bool {
        census::counts_in(&*self.consumer, self.census.expected(), KNOCK).unwrap_or(true)
    }

    /// Lets go of the client without waiting for it: closing one whose broker is away may take as long as it likes.
    pub(crate) fn forsake(self) {
        if self.leaves {
            return self.leave();
        }
        let consumer = self.consumer;
        let _ = thread::Builder::new()
            .name("closing".to_owned())
            .spawn(move || drop(consumer));
    }

    /// The group as it is now; read afresh for every commit.
    pub(crate) fn group(&self) -> Result<GroupOf<K>, Fault> {
        self.consumer
            .group_metadata()
            .ok_or_else(|| Fault::rebuild("the consumer is in no group"))
    }

    /// Tells the group how far a store outside Kafka has come: for people who look at lag.
    pub(crate) fn show_progress(&self, tasks: &[(Task, i64)]) {
        if let Err(error) = self.consumer.commit(&self.offsets(tasks), CommitMode::Async) {
            tracing::debug!(%error, "showing progress");
        }
    }

    /// The same, and returns once the group knows it and everything that it was told before. The client waits for its
    /// coordinator without an end, and for an answer of the group that only a lane which polls can get; so it waits on
    /// a thread of its own, and whoever is not answered within the limit begins anew.
    pub(crate) fn await_progress(&self, tasks: &[(Task, i64)], limit: Duration) -> Result<(), Fault> {
        if tasks.is_empty() {
            return Ok(());
        }
        let (consumer, offsets) = (Arc::clone(&self.consumer), self.offsets(tasks));
        let (answer, answered) = mpsc::channel();
        let ask = move || {
            let _ = answer.send(consumer.commit(&offsets, CommitMode::Sync));
        };
        let thread = thread::Builder::new().name("progress".to_owned()).spawn(ask);
        thread.map_err(|error| Fault::halt(format!("a thread cannot be started: {error}")))?;
        match answered.recv_timeout(limit) {
            Ok(told) => told.map_err(|error| Fault::of("showing progress", &error)),
            Err(_) => Err(Fault::rebuild("the group did not hear of the progress in time")),
        }
    }

    /// What the group knows of the progress of these tasks; the beginning where it knows nothing. Waits until an open
    /// transaction of a predecessor has decided it.
    pub(crate) fn progress(&self, tasks: &[Task]) -> Result<Vec<(Task, i64)>, Fault> {
        const DOING: &str = "reading how far dead letters are written";
        let ask: Vec<_> = tasks.iter().map(|task| (*task, 0)).collect();
        let answer = self.consumer.committed_offsets(self.offsets(&ask), CALL);
        let answer = answer.map_err(|error| Fault::of(DOING, &error))?;
        let known = tasks.iter().map(|task| {
            let element = answer.find_partition(self.names.topic(task.topic), task.partition);
            let element = element.ok_or_else(|| Fault::rebuild(format!("{DOING}: no answer")))?;
            element.error().map_err(|error| Fault::of(DOING, &error))?;
            Ok((
                *task,
                element
                    .offset()
                    .to_raw()
                    .filter(|offset| *offset > 0)
                    .unwrap_or_default(),
            ))
        });
        known.collect()
    }

    fn offsets(&self, tasks: &[(Task, i64)]) -> TopicPartitionList {
        let mut list = TopicPartitionList::new();
        for (task, offset) in tasks {
            let _ = list.add_partition_offset(
                self.names.topic(task.topic),
                task.partition,
                Offset::Offset(*offset),
            );
        }
        list
    }
}
