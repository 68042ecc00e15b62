//! A lane without transactions, for the bench alone: what transactions cost is seen by leaving them out. It counts
//! records twice after a crash, and it cannot abort.

use super::Lane;
use crate::config::LaneConfig;
use crate::fault::Fault;
use crate::kafka::{Kafka, Reader};
use crate::protocol::Event;
use crate::work::Work;
use rdkafka::consumer::CommitMode;
use rdkafka::topic_partition_list::TopicPartitionList;
use stage::Task;

impl LaneConfig {
    /// The same lane with a producer that is idempotent and no more.
    pub(crate) fn at_least_once(&self) -> Self {
        let mut config = self.clone();
        config.producer.remove("transactional.id");
        config.producer.remove("transaction.timeout.ms");
        config.producer.set("enable.idempotence", "true");
        config
    }
}

impl<W: Work<K>, K: Kafka> Lane<'_, W, K> {
    /// Once all outputs are acknowledged, the offsets are committed by themselves.
    pub(super) fn commit_offsets(&mut self, offsets: &TopicPartitionList) -> Result<Event<Task>, Fault> {
        self.outbox.flush()?;
        let committed = self.intake.consumer().commit(offsets, CommitMode::Sync);
        committed.map_err(|error| Fault::of("committing offsets", &error))?;
        let dirty = self.tasks.values_mut().filter(|running| running.is_dirty());
        dirty.for_each(|running| running.settle(0));
        Ok(Event::Committed { doubtful: false })
    }
}
