//! The topics of a course, as `sluicebox topics apply` would make them, but only those that are needed; deleted when
//! dropped.

use super::{Broker, CALL, Ends};
use crate::course::Course;
use anyhow::{Result, anyhow};
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaErrorCode;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Whose clock stamps the records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Timestamps {
    /// The broker's, as in the stream.
    Broker,
    /// The producer's: time can be made to pass faster.
    Producer,
}

/// The topics of one course, while it is run over.
pub(crate) struct Topics {
    admin: AdminClient<DefaultClientContext>,
    executor: Runtime,
    names: Vec<String>,
}

impl Topics {
    /// Makes them.
    pub(crate) fn create(broker: &Broker, course: &Course, timestamps: Timestamps) -> Result<Self> {
        let stream = course.topics();
        let changelogs = course.changelogs();
        let topics = Self {
            admin: broker.client().create()?,
            executor: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?,
            names: stream.iter().chain(&changelogs).cloned().collect(),
        };
        let stamped_by = match timestamps {
            Timestamps::Broker => "LogAppendTime",
            Timestamps::Producer => "CreateTime",
        };
        let new = |name| NewTopic::new(name, course.partitions, TopicReplication::Fixed(1));
        let stream = stream.iter().map(|name| {
            new(name)
                .set("message.timestamp.type", stamped_by)
                .set("retention.ms", "-1")
        });
        // Segments as small as Kafka lets them be, so that the cleaner has something to do in a short run.
        let changelogs = changelogs.iter().map(|name| {
            new(name)
                .set("cleanup.policy", "compact")
                .set("segment.bytes", "1048576")
                .set("min.cleanable.dirty.ratio", "0.1")
                .set("delete.retention.ms", "1000")
        });
        let new: Vec<NewTopic<'_>> = stream.chain(changelogs).collect();
        settled(
            topics
                .executor
                .block_on(topics.admin.create_topics(&new, &options())),
        )?;
        for name in &topics.names {
            led(broker, name, course.partitions)?;
        }
        Ok(topics)
    }
}

impl Drop for Topics {
    fn drop(&mut self) {
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        let deleted = self
            .executor
            .block_on(self.admin.delete_topics(&names, &options()));
        if let Err(error) = settled(deleted) {
            crate::say(format_args!("topics of the bench stay behind: {error}"));
        }
    }
}

/// Waits until every partition answers: brokers learn of a topic a while after it was made.
fn led(broker: &Broker, name: &str, partitions: i32) -> Result<()> {
    let ends = Ends::new(broker, name.to_owned(), partitions)?;
    let began = Instant::now();
    while let Err(error) = ends.now() {
        if began.elapsed() > CALL {
            return Err(error);
        }
        std::thread::sleep(LOOK_AGAIN);
    }
    Ok(())
}

type Outcomes = Result<Vec<Result<String, (String, RDKafkaErrorCode)>>, KafkaError>;

fn settled(outcomes: Outcomes) -> Result<()> {
    for topic in outcomes? {
        topic.map_err(|(topic, code)| anyhow!("{topic}: {code}"))?;
    }
    Ok(())
}

fn options() -> AdminOptions {
    AdminOptions::new()
        .request_timeout(Some(CALL))
        .operation_timeout(Some(CALL))
}
