//! The floor: a transactional relay on bare librdkafka, as fast as we know how. It carries the same bytes over the same
//! number of partitions at the same commit interval as a lane of ours, and keeps what a lane keeps: nothing.

use super::Tuning;
use crate::course::Course;
use anyhow::{Context, Result};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, Rebalance};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Headers};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{ClientConfig, ClientContext, Message, Offset, TopicPartitionList};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const CALL: Duration = Duration::from_secs(15);
const WAIT: Duration = Duration::from_millis(1);
/// `flush` polls in steps of 100 ms; shorter ones are what makes the floor fast.
const DRAIN: Duration = Duration::from_micros(300);

struct Told;

impl ClientContext for Told {}

impl ConsumerContext for Told {
    fn post_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Assign(partitions) = rebalance {
            super::running(partitions.count());
        }
    }
}

struct Floor {
    consumer: BaseConsumer<Told>,
    producer: BaseProducer,
    output: String,
    input: String,
    interval: Duration,
    /// The next offset of each partition that the open transaction holds records of.
    next: BTreeMap<i32, i64>,
    since: Instant,
}

/// Relays until standard input closes.
pub(super) fn run(brokers: &str, course: &Course, tuning: &Tuning) -> Result<()> {
    let id = course.prefix.apply(&tuning.instance);
    let settings = settings::KafkaSettings::default();
    let mut floor = Floor {
        consumer: consumer(brokers, &id)?,
        producer: producer(brokers, &id)?,
        output: course.output()?,
        input: course.input()?,
        interval: Duration::from_millis(settings.commit_interval_ms),
        next: BTreeMap::new(),
        since: Instant::now(),
    };
    floor.consumer.subscribe(&[&floor.input])?;
    let stop = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&stop);
    std::thread::spawn(move || {
        super::wait_for_the_end();
        told.store(true, Ordering::Relaxed);
    });
    while !stop.load(Ordering::Relaxed) {
        floor.turn()?;
    }
    Ok(())
}

impl Floor {
    fn turn(&mut self) -> Result<()> {
        let Some(message) = self.consumer.poll(WAIT) else {
            return self.commit();
        };
        let message = message?;
        if self.next.is_empty() {
            self.producer.begin_transaction()?;
            self.since = Instant::now();
        }
        self.relay(&message)?;
        let (partition, next) = (message.partition(), message.offset() + 1);
        drop(message);
        self.next.insert(partition, next);
        if self.since.elapsed() >= self.interval {
            self.commit()?;
        }
        Ok(())
    }

    fn relay(&self, message: &BorrowedMessage<'_>) -> Result<()> {
        let mut record = BaseRecord::to(&self.output)
            .key(message.key().unwrap_or_default())
            .payload(message.payload().unwrap_or_default());
        if let Some(headers) = message.headers().filter(|headers| headers.count() > 0) {
            record = record.headers(headers.detach());
        }
        loop {
            match self.producer.send(record) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), again)) => {
                    serve(&self.producer);
                    record = again;
                }
                Err((error, _)) => return Err(error.into()),
            }
        }
    }

    fn commit(&mut self) -> Result<()> {
        if self.next.is_empty() {
            return Ok(());
        }
        while self.producer.in_flight_count() > 0 {
            serve(&self.producer);
        }
        let mut offsets = TopicPartitionList::new();
        for (partition, next) in std::mem::take(&mut self.next) {
            offsets.add_partition_offset(&self.input, partition, Offset::Offset(next))?;
        }
        let group = self
            .consumer
            .group_metadata()
            .context("the floor is in no group")?;
        self.producer
            .send_offsets_to_transaction(&offsets, &group, CALL)?;
        self.producer.commit_transaction(CALL)?;
        Ok(())
    }
}

/// Takes what deliveries there are, and lets others work for a moment: a poll of less than a millisecond would spin.
fn serve(producer: &BaseProducer) {
    producer.poll(Duration::ZERO);
    std::thread::sleep(DRAIN);
}

/// Read-ahead as a lane's: bounded by bytes, refilled as soon as there is room.
fn consumer(brokers: &str, id: &str) -> Result<BaseConsumer<Told>> {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", brokers)
        .set("group.id", id)
        .set("isolation.level", "read_committed")
        .set("enable.auto.commit", "false")
        .set("auto.offset.reset", "earliest")
        .set("queued.max.messages.kbytes", "4096")
        .set("fetch.queue.backoff.ms", "5")
        .set("fetch.message.max.bytes", "262144")
        .set("fetch.max.bytes", "1048576")
        .set("fetch.wait.max.ms", "100");
    Ok(config.create_with_context(Told)?)
}

/// Batches and compression as a lane's.
fn producer(brokers: &str, id: &str) -> Result<BaseProducer> {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", brokers)
        .set("transactional.id", id)
        .set("linger.ms", "2")
        .set("batch.num.messages", "10000")
        .set("batch.size", "262144")
        .set("compression.type", "lz4")
        .set("queue.buffering.max.kbytes", "4096")
        .set("partitioner", "murmur2_random")
        .set("delivery.report.only.error", "true")
        .set("retry.backoff.ms", "5")
        .set("retry.backoff.max.ms", "20");
    let producer: BaseProducer = config.create()?;
    producer.init_transactions(CALL)?;
    Ok(producer)
}
