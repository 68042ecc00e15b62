//! The lane's consumer: records in, partitions taken up and let go.

use super::membership::{GroupContext, Membership};
use crate::counts;
use crate::fault::Fault;
use crate::names::Names;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerGroupMetadata};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::BorrowedMessage;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use stage::{FlowCounts, Task};
use std::time::Duration;

const CALL: Duration = Duration::from_secs(15);

/// A subscribed consumer.
pub(crate) struct Intake {
    consumer: BaseConsumer<GroupContext>,
    names: Names,
}

impl Intake {
    /// Subscribes to the stage's inputs.
    pub(crate) fn new(config: &ClientConfig, names: Names) -> Result<Self, Fault> {
        let context = GroupContext::new(names.prefix().clone());
        let made = config.create_with_context(context);
        let consumer: BaseConsumer<GroupContext> =
            made.map_err(|error| Fault::of("creating the consumer", &error))?;
        let topics: Vec<&str> = names
            .stage
            .inputs()
            .into_iter()
            .map(|topic| names.topic(topic))
            .collect();
        consumer
            .subscribe(&topics)
            .map_err(|error| Fault::of("subscribing", &error))?;
        Ok(Self { consumer, names })
    }

    /// The next record, if one comes within this time.
    pub(crate) fn poll(&self, wait: Duration) -> Result<Option<BorrowedMessage<'_>>, Fault> {
        match self.consumer.poll(wait) {
            None | Some(Err(KafkaError::PartitionEOF(_))) => Ok(None),
            Some(Ok(message)) => Ok(Some(message)),
            Some(Err(error)) if is_passing(&error) => {
                tracing::debug!(%error, "fetching");
                Ok(None)
            }
            Some(Err(error)) => Err(Fault::of("fetching", &error)),
        }
    }

    /// The oldest word of the group not yet heard.
    pub(crate) fn membership(&self) -> Option<Membership> {
        self.consumer.context().next()
    }

    /// Whether the group has said something not yet heard.
    pub(crate) fn has_news(&self) -> bool {
        self.consumer.context().is_waiting()
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

    /// The offsets that the group committed and the counts beside them, in the order of the tasks. An open transaction
    /// of a predecessor is waited out by the broker.
    pub(crate) fn committed(&self, tasks: &[Task]) -> Result<Vec<Option<(i64, FlowCounts)>>, Fault> {
        let mut list = TopicPartitionList::new();
        for task in tasks {
            list.add_partition(self.names.topic(task.topic), task.partition);
        }
        let answer = self.consumer.committed_offsets(list, CALL);
        let answer = answer.map_err(|error| Fault::of("reading committed offsets", &error))?;
        let offset = |task: &Task| {
            let topic = self.names.topic(task.topic);
            let element = answer.find_partition(topic, task.partition);
            let Some((element, Offset::Offset(offset))) = element.map(|element| {
                let offset = element.offset();
                (element, offset)
            }) else {
                return Ok(None);
            };
            let counts = counts::from_metadata(element.metadata());
            let counts = counts.map_err(|why| Fault::halt(format!("{topic}-{}: {why}", task.partition)))?;
            Ok(Some((offset, counts)))
        };
        tasks.iter().map(offset).collect()
    }

    /// The lowest offset that a partition still has.
    pub(crate) fn low_watermark(&self, task: Task) -> Result<i64, Fault> {
        let topic = self.names.topic(task.topic);
        let marks = self.consumer.fetch_watermarks(topic, task.partition, CALL);
        marks
            .map(|(low, _)| low)
            .map_err(|error| Fault::of("reading watermarks", &error))
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

    /// The group as it is now; read afresh for every commit.
    pub(crate) fn group(&self) -> Result<ConsumerGroupMetadata, Fault> {
        self.consumer
            .group_metadata()
            .ok_or_else(|| Fault::rebuild("the consumer is in no group"))
    }

    /// Tells the group how far a store outside Kafka has come; only for people who look at lag.
    pub(crate) fn show_progress(&self, tasks: &[(Task, i64)]) {
        let mut list = TopicPartitionList::new();
        for (task, offset) in tasks {
            let _ = list.add_partition_offset(
                self.names.topic(task.topic),
                task.partition,
                Offset::Offset(*offset),
            );
        }
        if let Err(error) = self.consumer.commit(&list, rdkafka::consumer::CommitMode::Async) {
            tracing::debug!(%error, "showing progress");
        }
    }
}

/// Errors that librdkafka retries by itself.
fn is_passing(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            RDKafkaErrorCode::BrokerTransportFailure
                | RDKafkaErrorCode::AllBrokersDown
                | RDKafkaErrorCode::OperationTimedOut
                | RDKafkaErrorCode::Resolve
                | RDKafkaErrorCode::NotLeaderForPartition
                | RDKafkaErrorCode::LeaderNotAvailable
                | RDKafkaErrorCode::CoordinatorLoadInProgress
                | RDKafkaErrorCode::CoordinatorNotAvailable
                | RDKafkaErrorCode::NotCoordinator
        )
    )
}
