//! What the group says of this member, kept until the lane comes round to it.
//!
//! An assignment is acknowledged at once and noted: partitions are taken up once their state is restored. A revocation
//! is followed at once, so that it costs the group nothing, and noted, so that the lane drops what it did for those
//! partitions.
//!
//! librdkafka joins the group again, which is when somebody else gets what was revoked here, only once the application
//! has answered each word: an assignment with `incremental_assign`, however empty, and a revocation with an
//! `incremental_unassign` that succeeds, which it does for partitions only that were assigned.

use crate::kafka::GroupConsumer;
use rdkafka::ClientContext;
use rdkafka::consumer::{BaseConsumer, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use rdkafka::types::RDKafkaRespErr;
use stage::Task;
use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use topology::{Prefix, Topic};

/// One word of the group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Membership {
    /// These tasks are ours now.
    Assigned(Vec<Task>),
    /// These tasks are no longer ours.
    Revoked(Vec<Task>),
    /// These tasks have been given to somebody else already.
    Lost(Vec<Task>),
    /// The client can no longer take part.
    Broken(String),
    /// Another client has this member's instance id.
    Fenced(String),
}

/// The consumer's side of the lane.
pub(crate) struct GroupContext {
    prefix: Prefix,
    said: Mutex<VecDeque<Membership>>,
    /// How many words wait; looked at between records, so without the lock.
    waiting: AtomicUsize,
    /// Whether no broker could be reached when the client tried last.
    away: AtomicBool,
}

impl GroupContext {
    pub(crate) fn new(prefix: Prefix) -> Self {
        Self {
            prefix,
            said: Mutex::default(),
            waiting: AtomicUsize::new(0),
            away: AtomicBool::new(false),
        }
    }

    /// The oldest word not yet heard.
    pub(crate) fn next(&self) -> Option<Membership> {
        let word = self.said.lock().ok()?.pop_front()?;
        self.waiting.fetch_sub(1, Ordering::Release);
        Some(word)
    }

    /// Whether there is one.
    pub(crate) fn is_waiting(&self) -> bool {
        self.waiting.load(Ordering::Acquire) > 0
    }

    /// Whether no broker could be reached when the client tried last; the client does not say when one is back.
    pub(crate) fn is_away(&self) -> bool {
        self.away.load(Ordering::Relaxed)
    }

    /// A broker has answered.
    pub(crate) fn heard(&self) {
        if self.is_away() {
            self.away.store(false, Ordering::Relaxed);
        }
    }

    fn say(&self, membership: Membership) {
        if let Ok(mut said) = self.said.lock() {
            said.push_back(membership);
            self.waiting.fetch_add(1, Ordering::Release);
        }
    }

    /// The group gave partitions to this member.
    pub(crate) fn assigned(&self, consumer: &impl GroupConsumer, partitions: &TopicPartitionList) {
        if let Err(error) = consumer.incremental_assign(&TopicPartitionList::new()) {
            self.say(Membership::Broken(format!("answering an assignment: {error}")));
        }
        self.say(Membership::Assigned(self.tasks(partitions)));
    }

    /// The group takes partitions away, or has given them to somebody else already.
    pub(crate) fn revoked(&self, consumer: &impl GroupConsumer, partitions: &TopicPartitionList) {
        let tasks = self.tasks(partitions);
        let lost = consumer.assignment_lost();
        if let Err(error) = let_go(consumer, partitions) {
            self.say(Membership::Broken(format!("letting partitions go: {error}")));
        }
        self.say(if lost {
            Membership::Lost(tasks)
        } else {
            Membership::Revoked(tasks)
        });
    }

    fn tasks(&self, partitions: &TopicPartitionList) -> Vec<Task> {
        let task = |topic: &str, partition| {
            let topic = Topic::from_name(self.prefix.strip(topic)?)?;
            Some(Task { topic, partition })
        };
        partitions
            .elements()
            .iter()
            .filter_map(|element| task(element.topic(), element.partition()))
            .collect()
    }
}

impl ClientContext for GroupContext {
    fn error(&self, error: KafkaError, reason: &str) {
        tracing::warn!(%error, reason, "kafka consumer");
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::AllBrokersDown) {
            self.away.store(true, Ordering::Relaxed);
        }
        if let KafkaError::Global(code) = &error
            && matches!(code, RDKafkaErrorCode::Fatal | RDKafkaErrorCode::FencedInstanceId)
        {
            let why = format!("{error}: {reason}");
            // A fatal error says what it is in its reason alone.
            let fenced = reason.contains("group.instance.id") || reason.contains("fenced");
            self.say(if fenced {
                Membership::Fenced(why)
            } else {
                Membership::Broken(why)
            });
        }
    }
}

impl ConsumerContext for GroupContext {
    fn rebalance(
        &self,
        consumer: &BaseConsumer<Self>,
        what: RDKafkaRespErr,
        partitions: &mut TopicPartitionList,
    ) {
        if what == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS {
            self.assigned(consumer, partitions);
        } else {
            self.revoked(consumer, partitions);
        }
    }
}

/// Partitions that were noted but never taken up are taken up for a moment, or the client would refuse to let go.
fn let_go(consumer: &impl GroupConsumer, partitions: &TopicPartitionList) -> Result<(), KafkaError> {
    let taken = consumer.assignment()?;
    let mut missing = TopicPartitionList::new();
    for element in partitions.elements() {
        let (topic, partition) = (element.topic(), element.partition());
        if taken.find_partition(topic, partition).is_none() {
            missing.add_partition_offset(topic, partition, Offset::End)?;
        }
    }
    if missing.count() > 0 {
        consumer.incremental_assign(&missing)?;
    }
    consumer.incremental_unassign(partitions)
}
