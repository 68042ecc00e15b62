//! Rebuilds the state of tasks from their changelogs before their first record is taken.
//!
//! Restored means: everything below the high watermark that was read *uncommitted* at the start has been seen. An open
//! transaction of a predecessor pins the last stable offset below newer committed state (KAFKA-10167), so it is waited
//! out first; only then does the end of a `read_committed` partition mean the end of the state.

use super::task::{Running, changelog_partition};
use crate::client::EndSeeker;
use crate::fault::Fault;
use crate::names::Names;
use rdkafka::Message;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use stage::{Stores, Task};
use std::collections::HashMap;
use std::time::{Duration, Instant};

const CALL: Duration = Duration::from_secs(15);
/// Without any progress for this long, a restore is an error and no wait.
const PATIENCE: Duration = Duration::from_mins(1);
const STEP: Duration = Duration::from_millis(20);

/// Where state is read from.
pub(crate) struct Restorer<'a> {
    /// The configuration of a consumer without a group.
    pub config: &'a ClientConfig,
    pub names: &'a Names,
    /// Partitions of every topic of the stream.
    pub partitions: i32,
}

/// A partition of a changelog, and whose it is.
struct Source {
    topic: String,
    partition: i32,
    store: &'static str,
    task: usize,
}

impl Restorer<'_> {
    /// These tasks, with the state they had at their last commit.
    pub(crate) fn restore<S: Stores>(&self, tasks: &[Task]) -> Result<Vec<Running<S>>, Fault> {
        let fresh = |task: &Task| {
            let partition = changelog_partition(self.names.stage, *task, self.partitions);
            Running::new(*task, partition, S::default())
        };
        let mut running: Vec<Running<S>> = tasks.iter().map(fresh).collect();
        let sources = self.sources(&mut running);
        if !sources.is_empty() {
            self.read(&self.wait_for_open_transactions(sources)?, &mut running)?;
        }
        Ok(running)
    }

    fn sources<S: Stores>(&self, running: &mut [Running<S>]) -> Vec<Source> {
        let mut sources = Vec::new();
        for (task, running) in running.iter_mut().enumerate() {
            let partition = running.changelog_partition;
            let mut add = |store| {
                sources.push(Source {
                    topic: self.names.changelog(store),
                    partition,
                    store,
                    task,
                });
            };
            running.stores.each(&mut |store| add(store.name()));
        }
        sources
    }

    /// The sources that hold anything, once no transaction is open below their present end.
    fn wait_for_open_transactions(&self, sources: Vec<Source>) -> Result<Vec<Source>, Fault> {
        let uncommitted = self.client("read_uncommitted")?;
        let committed = self.client("read_committed")?;
        let end = |client: &BaseConsumer<EndSeeker>, source: &Source| {
            let marks = client.fetch_watermarks(&source.topic, source.partition, CALL);
            marks.map_err(|error| Fault::of(&format!("reading the end of {}", source.topic), &error))
        };
        let deadline = Instant::now() + PATIENCE;
        let mut filled = Vec::new();
        for source in sources {
            let (low, high) = end(&uncommitted, &source)?;
            if low == high {
                continue;
            }
            while end(&committed, &source)?.1 < high {
                if Instant::now() > deadline {
                    let message = format!("a transaction on {} stays open", source.topic);
                    return Err(Fault::rebuild(message));
                }
                std::thread::sleep(STEP);
            }
            filled.push(source);
        }
        Ok(filled)
    }

    fn client(&self, isolation: &str) -> Result<BaseConsumer<EndSeeker>, Fault> {
        let mut config = self.config.clone();
        config
            .set("isolation.level", isolation)
            .set("enable.partition.eof", "true");
        config
            .set("group.id", "unused")
            .set("enable.auto.commit", "false")
            .set("auto.offset.reset", "error");
        config
            .create_with_context(EndSeeker)
            .map_err(|error| Fault::of("creating the restoring consumer", &error))
    }

    fn read<S: Stores>(&self, sources: &[Source], running: &mut [Running<S>]) -> Result<(), Fault> {
        if sources.is_empty() {
            return Ok(());
        }
        let consumer = self.client("read_committed")?;
        let mut list = TopicPartitionList::new();
        let mut by_place: HashMap<(&str, i32), &Source> = HashMap::new();
        for source in sources {
            let added = list.add_partition_offset(&source.topic, source.partition, Offset::Beginning);
            added.map_err(|error| Fault::of("restoring", &error))?;
            by_place.insert((&source.topic, source.partition), source);
        }
        consumer
            .assign(&list)
            .map_err(|error| Fault::of("restoring", &error))?;
        let mut left = sources.len();
        let mut progress = Instant::now();
        while left > 0 {
            match consumer.poll(STEP) {
                None if progress.elapsed() > PATIENCE => {
                    return Err(Fault::rebuild(format!(
                        "restoring stands still with {left} changelogs to go"
                    )));
                }
                None => continue,
                Some(Err(KafkaError::PartitionEOF(_))) => left -= 1,
                Some(Err(error)) => return Err(Fault::of("restoring", &error)),
                Some(Ok(message)) => {
                    if let Some(source) = by_place.get(&(message.topic(), message.partition())) {
                        apply(source, &mut running[source.task], &message)?;
                    }
                }
            }
            progress = Instant::now();
        }
        Ok(())
    }
}

fn apply<S: Stores>(source: &Source, task: &mut Running<S>, message: &impl Message) -> Result<(), Fault> {
    let key = message.key().unwrap_or_default();
    let mut restored = Ok(());
    task.stores.each(&mut |store| {
        if store.name() == source.store {
            restored = store.restore(key, message.payload());
        }
    });
    let mending = "run the version that wrote it, or reset the stage's group and changelogs";
    restored.map_err(|error| Fault::halt(format!("{}: {error}; {mending}", source.topic)))
}
