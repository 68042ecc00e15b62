//! What lanes ask of Kafka, as traits: the seam between a lane and its client.
//!
//! One implementation runs, over librdkafka. The search of the shell (`crate::search`) has another, over a simulated
//! broker, so that everything above this seam is driven by it as it stands. Lists, configurations and errors are those
//! of the client's crate, as far as they are plain data.

pub(crate) mod flush;
mod librdkafka;

pub(crate) use librdkafka::Librdkafka;

use crate::fault::Fault;
use crate::lane::{Deliveries, GroupContext};
use rdkafka::Message;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::CommitMode;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::BaseRecord;
use rdkafka::topic_partition_list::TopicPartitionList;
use std::time::Duration;

/// The clients of one kind of Kafka.
pub(crate) trait Kafka: 'static {
    type Consumer: GroupConsumer;
    type Reader: Reader;
    type Producer: Producer<Group = <Self::Consumer as GroupConsumer>::Group>;

    /// A consumer that takes part in a group.
    fn consumer(config: &ClientConfig, context: GroupContext) -> Result<Self::Consumer, KafkaError>;
    /// A consumer that is no member of a group.
    fn reader(config: &ClientConfig) -> Result<Self::Reader, KafkaError>;
    fn producer(config: &ClientConfig) -> Result<Self::Producer, KafkaError>;
}

/// A record as the consumer of a lane hands it out.
pub(crate) type RecordOf<'a, K> = <<K as Kafka>::Consumer as Reader>::Record<'a>;

/// What every consumer can do; each method is the call of librdkafka with the same name.
pub(crate) trait Reader: Send + Sync + 'static {
    type Record<'a>: Message
    where
        Self: 'a;

    fn poll(&self, wait: Duration) -> Option<Result<Self::Record<'_>, KafkaError>>;
    fn position(&self) -> Result<TopicPartitionList, KafkaError>;
    fn incremental_assign(&self, partitions: &TopicPartitionList) -> Result<(), KafkaError>;
    fn incremental_unassign(&self, partitions: &TopicPartitionList) -> Result<(), KafkaError>;
    fn committed_offsets(
        &self,
        partitions: TopicPartitionList,
        limit: Duration,
    ) -> Result<TopicPartitionList, KafkaError>;
    fn commit(&self, offsets: &TopicPartitionList, mode: CommitMode) -> Result<(), KafkaError>;
    /// The lowest offset that a partition still has, and its end as the client's isolation level sees it.
    fn fetch_watermarks(
        &self,
        topic: &str,
        partition: i32,
        limit: Duration,
    ) -> Result<(i64, i64), KafkaError>;
    fn offsets_for_times(
        &self,
        partitions: TopicPartitionList,
        limit: Duration,
    ) -> Result<TopicPartitionList, KafkaError>;
    /// The partitions of a topic by the broker's list, in order; none where there is no such topic.
    fn partitions(&self, topic: &str, limit: Duration) -> Result<Vec<i32>, KafkaError>;
}

/// What a member of a group can do beside that.
pub(crate) trait GroupConsumer: Reader {
    /// The member and its generation, as a producer sends it with offsets (KIP-447).
    type Group: Send + 'static;

    fn context(&self) -> &GroupContext;
    fn subscribe(&self, topics: &[&str]) -> Result<(), KafkaError>;
    fn unsubscribe(&self);
    fn assignment(&self) -> Result<TopicPartitionList, KafkaError>;
    fn assignment_lost(&self) -> bool;
    fn pause(&self, partitions: &TopicPartitionList) -> Result<(), KafkaError>;
    fn resume(&self, partitions: &TopicPartitionList) -> Result<(), KafkaError>;
    fn seek_partitions(
        &self,
        partitions: TopicPartitionList,
        limit: Duration,
    ) -> Result<TopicPartitionList, KafkaError>;
    fn group_metadata(&self) -> Option<Self::Group>;
    /// The group as its coordinator has it; `None` where there is no such group.
    fn describe(&self, group: &str, limit: Duration) -> Result<Option<DescribedGroup>, KafkaError>;
}

/// A group by its coordinator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DescribedGroup {
    /// Whether no rebalance is under way.
    pub stable: bool,
    pub members: Vec<GroupMember>,
}

/// One member of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GroupMember {
    pub id: String,
    /// As the protocol of consumers writes it.
    pub assignment: Vec<u8>,
}

/// A record on its way, with the task that it is written for (`crate::lane::opaque`).
pub(crate) type Outgoing<'a> = BaseRecord<'a, [u8], [u8], usize>;

/// A transactional producer.
pub(crate) trait Producer: Send + Sync + 'static {
    type Group: Send + 'static;

    /// What became of deliveries and connections.
    fn deliveries(&self) -> &Deliveries;
    /// Serves delivery reports, without waiting.
    fn poll(&self);
    /// Enqueues a record, or gives it back with the reason.
    #[expect(
        clippy::result_large_err,
        reason = "the client's own: a full queue gives the record back"
    )]
    fn send<'a>(&self, record: Outgoing<'a>) -> Result<(), (KafkaError, Outgoing<'a>)>;
    /// Sends what lingers, without waiting for its acknowledgement.
    fn pulse(&self);
    /// Sends what lingers, and waits until everything is acknowledged. Somebody else polls meanwhile: failures are told
    /// there.
    fn flush(&self, limit: Duration) -> Result<(), TransactionError>;
    fn init_transactions(&self, limit: Duration) -> Result<(), TransactionError>;
    fn begin_transaction(&self) -> Result<(), TransactionError>;
    fn send_offsets_to_transaction(
        &self,
        offsets: &TopicPartitionList,
        group: &Self::Group,
        limit: Duration,
    ) -> Result<(), TransactionError>;
    fn commit_transaction(&self, limit: Duration) -> Result<(), TransactionError>;
    fn abort_transaction(&self, limit: Duration) -> Result<(), TransactionError>;
}

/// Why a transactional call failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct TransactionError {
    pub code: Option<RDKafkaErrorCode>,
    pub message: String,
    /// Whether the transaction failed and can still be aborted; else what came of the call is not known.
    pub requires_abort: bool,
}

impl TransactionError {
    /// The fault of a lane that met it, while doing something.
    pub(crate) fn fault(&self, doing: &str) -> Fault {
        Fault::of_transaction(doing, self)
    }
}
