//! A bare consumer that reads a changelog to its end: what a restore could cost at the least.

use crate::course::Course;
use anyhow::Result;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::{ClientConfig, ClientContext, Offset, TopicPartitionList};
use std::time::Duration;

/// To reach an end is what it is for, and no error to be told of.
struct Quiet;

impl ClientContext for Quiet {
    fn error(&self, error: KafkaError, reason: &str) {
        if !reason.contains("reached end of partition") {
            crate::say(format_args!("{error}: {reason}"));
        }
    }
}

impl ConsumerContext for Quiet {}

const STEP: Duration = Duration::from_millis(20);

/// Reads all partitions, says so, and waits until standard input closes.
pub(super) fn run(brokers: &str, course: &Course) -> Result<()> {
    let changelog = course.changelog("signals")?;
    let consumer: BaseConsumer<Quiet> = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("group.id", "unused")
        .set("isolation.level", "read_committed")
        .set("enable.partition.eof", "true")
        .set("enable.auto.commit", "false")
        .create_with_context(Quiet)?;
    let mut list = TopicPartitionList::new();
    for partition in 0..course.partitions {
        list.add_partition_offset(&changelog, partition, Offset::Beginning)?;
    }
    consumer.assign(&list)?;
    let (mut ended, mut bytes) = (0, 0);
    while ended < course.partitions {
        match consumer.poll(STEP) {
            None => {}
            Some(Err(KafkaError::PartitionEOF(_))) => ended += 1,
            Some(read) => bytes += read?.payload_len(),
        }
    }
    crate::say(format_args!("{bytes} bytes"));
    super::running(usize::try_from(course.partitions)?);
    super::wait_for_the_end();
    Ok(())
}
