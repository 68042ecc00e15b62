//! Kafka through librdkafka: each method hands its call on to the client.

use super::{
    DescribedGroup, GroupConsumer, GroupMember, Kafka, Outgoing, Producer, Reader, TransactionError, flush,
};
use crate::client::EndSeeker;
use crate::lane::{Deliveries, GroupContext};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext, ConsumerGroupMetadata};
use rdkafka::error::KafkaError;
use rdkafka::message::BorrowedMessage;
use rdkafka::metadata::{MetadataPartition, MetadataTopic};
use rdkafka::producer::{BaseProducer, Producer as _};
use rdkafka::topic_partition_list::TopicPartitionList;
use std::time::Duration;

/// The clients that run.
pub(crate) struct Librdkafka;

impl Kafka for Librdkafka {
    type Consumer = BaseConsumer<GroupContext>;
    type Reader = BaseConsumer<EndSeeker>;
    type Producer = BaseProducer<Deliveries>;

    fn consumer(config: &ClientConfig, context: GroupContext) -> Result<Self::Consumer, KafkaError> {
        config.create_with_context(context)
    }

    fn reader(config: &ClientConfig) -> Result<Self::Reader, KafkaError> {
        config.create_with_context(EndSeeker)
    }

    fn producer(config: &ClientConfig) -> Result<Self::Producer, KafkaError> {
        config.create_with_context(Deliveries::default())
    }
}

impl<C: ConsumerContext + 'static> Reader for BaseConsumer<C> {
    type Record<'a> = BorrowedMessage<'a>;

    fn poll(&self, wait: Duration) -> Option<Result<BorrowedMessage<'_>, KafkaError>> {
        Self::poll(self, wait)
    }

    fn position(&self) -> Result<TopicPartitionList, KafkaError> {
        Consumer::position(self)
    }

    fn incremental_assign(&self, partitions: &TopicPartitionList) -> Result<(), KafkaError> {
        Consumer::incremental_assign(self, partitions)
    }

    fn incremental_unassign(&self, partitions: &TopicPartitionList) -> Result<(), KafkaError> {
        Consumer::incremental_unassign(self, partitions)
    }

    fn committed_offsets(
        &self,
        partitions: TopicPartitionList,
        limit: Duration,
    ) -> Result<TopicPartitionList, KafkaError> {
        Consumer::committed_offsets(self, partitions, limit)
    }

    fn commit(&self, offsets: &TopicPartitionList, mode: CommitMode) -> Result<(), KafkaError> {
        Consumer::commit(self, offsets, mode)
    }

    fn fetch_watermarks(
        &self,
        topic: &str,
        partition: i32,
        limit: Duration,
    ) -> Result<(i64, i64), KafkaError> {
        Consumer::fetch_watermarks(self, topic, partition, limit)
    }

    fn offsets_for_times(
        &self,
        partitions: TopicPartitionList,
        limit: Duration,
    ) -> Result<TopicPartitionList, KafkaError> {
        Consumer::offsets_for_times(self, partitions, limit)
    }

    fn partitions(&self, topic: &str, limit: Duration) -> Result<Vec<i32>, KafkaError> {
        let metadata = self.fetch_metadata(Some(topic), limit)?;
        let known = metadata.topics().iter();
        let known = known.filter(|known| known.name() == topic && known.error().is_none());
        let mut partitions: Vec<i32> = known
            .flat_map(MetadataTopic::partitions)
            .map(MetadataPartition::id)
            .collect();
        partitions.sort_unstable();
        Ok(partitions)
    }
}

impl GroupConsumer for BaseConsumer<GroupContext> {
    type Group = ConsumerGroupMetadata;

    fn context(&self) -> &GroupContext {
        Consumer::context(self)
    }

    fn subscribe(&self, topics: &[&str]) -> Result<(), KafkaError> {
        Consumer::subscribe(self, topics)
    }

    fn unsubscribe(&self) {
        Consumer::unsubscribe(self);
    }

    fn assignment(&self) -> Result<TopicPartitionList, KafkaError> {
        Consumer::assignment(self)
    }

    fn assignment_lost(&self) -> bool {
        Consumer::assignment_lost(self)
    }

    fn pause(&self, partitions: &TopicPartitionList) -> Result<(), KafkaError> {
        Consumer::pause(self, partitions)
    }

    fn resume(&self, partitions: &TopicPartitionList) -> Result<(), KafkaError> {
        Consumer::resume(self, partitions)
    }

    fn seek_partitions(
        &self,
        partitions: TopicPartitionList,
        limit: Duration,
    ) -> Result<TopicPartitionList, KafkaError> {
        Consumer::seek_partitions(self, partitions, limit)
    }

    fn group_metadata(&self) -> Option<ConsumerGroupMetadata> {
        Consumer::group_metadata(self)
    }

    fn describe(&self, group: &str, limit: Duration) -> Result<Option<DescribedGroup>, KafkaError> {
        let groups = self.fetch_group_list(Some(group), limit)?;
        let found = groups.groups().iter().find(|found| found.name() == group);
        Ok(found.map(|found| DescribedGroup {
            stable: found.state() == "Stable",
            members: found
                .members()
                .iter()
                .map(|member| GroupMember {
                    id: member.id().to_owned(),
                    assignment: member.assignment().unwrap_or_default().to_vec(),
                })
                .collect(),
        }))
    }
}

impl Producer for BaseProducer<Deliveries> {
    type Group = ConsumerGroupMetadata;

    fn deliveries(&self) -> &Deliveries {
        self.context()
    }

    fn poll(&self) {
        Self::poll(self, Duration::ZERO);
    }

    fn send<'a>(&self, record: Outgoing<'a>) -> Result<(), (KafkaError, Outgoing<'a>)> {
        Self::send(self, record)
    }

    fn pulse(&self) {
        flush::pulse(self);
    }

    fn flush(&self, limit: Duration) -> Result<(), TransactionError> {
        Ok(flush::flush(self, limit)?)
    }

    fn init_transactions(&self, limit: Duration) -> Result<(), TransactionError> {
        Ok(rdkafka::producer::Producer::init_transactions(self, limit)?)
    }

    fn begin_transaction(&self) -> Result<(), TransactionError> {
        Ok(rdkafka::producer::Producer::begin_transaction(self)?)
    }

    fn send_offsets_to_transaction(
        &self,
        offsets: &TopicPartitionList,
        group: &ConsumerGroupMetadata,
        limit: Duration,
    ) -> Result<(), TransactionError> {
        Ok(rdkafka::producer::Producer::send_offsets_to_transaction(
            self, offsets, group, limit,
        )?)
    }

    fn commit_transaction(&self, limit: Duration) -> Result<(), TransactionError> {
        Ok(rdkafka::producer::Producer::commit_transaction(self, limit)?)
    }

    fn abort_transaction(&self, limit: Duration) -> Result<(), TransactionError> {
        Ok(rdkafka::producer::Producer::abort_transaction(self, limit)?)
    }
}

impl From<KafkaError> for TransactionError {
    fn from(error: KafkaError) -> Self {
        let requires_abort = match &error {
            KafkaError::Transaction(why) => why.txn_requires_abort() && !why.is_fatal(),
            _ => false,
        };
        match error {
            KafkaError::Flush(_) => Self {
                code: None,
                message: "the broker did not acknowledge the outputs in time".to_owned(),
                requires_abort,
            },
            error => Self {
                code: error.rdkafka_error_code(),
                message: error.to_string(),
                requires_abort,
            },
        }
    }
}
