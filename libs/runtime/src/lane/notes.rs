//! Notes about tasks, where people and other processes find them: as the metadata of offsets in a group of their own,
//! which has no members, so that whoever may use the group can write there while the stage runs.
//!
//! A thread of its own asks the broker, so that a lane waits for nothing; its client is made for the first question and
//! dropped when none came for a while.

use crate::config::LaneConfig;
use crate::host::mpsc::{self, Receiver, Sender};
use crate::host::thread;
use crate::kafka::{Kafka, Reader};
use crate::names::Names;
use model::Millis;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::CommitMode;
use rdkafka::error::KafkaError;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use serde::{Deserialize, Serialize};
use stage::Task;
use std::time::Duration;

/// How long the broker may take for a question.
const CALL: Duration = Duration::from_secs(10);
/// How long the client is kept without a question.
const KEPT: Duration = Duration::from_secs(10);
/// What a note says at most: an offset's metadata may be 4,096 bytes.
const MOST_BYTES: usize = 3_000;

/// What is noted of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Note {
    /// Why it cannot go on, and what mends that.
    pub why: String,
    /// Since when, ms since 1970.
    pub since: Millis,
    /// The member that says so.
    pub by: String,
    /// Whether somebody asks for another try.
    #[serde(default)]
    pub retry: bool,
}

impl Note {
    /// As the metadata of an offset.
    pub(crate) fn to_metadata(&self) -> String {
        let mut short = self.clone();
        short.why.truncate(short.why.floor_char_boundary(MOST_BYTES));
        // Escaped, it may be longer than it was.
        loop {
            let metadata = serde_json::to_string(&short).unwrap_or_default();
            if metadata.len() <= MOST_BYTES + 500 {
                return metadata;
            }
            short
                .why
                .truncate(short.why.floor_char_boundary(short.why.len() / 2));
        }
    }

    /// The note that is there, if there is one.
    pub(crate) fn from_metadata(metadata: &str) -> Option<Self> {
        serde_json::from_str(metadata).ok()
    }
}

enum Ask {
    Put(Task, Note),
    Clear(Task),
    Look(Vec<Task>),
}

/// What was found of a task.
type Found = (Task, Option<Note>);

/// Questions to the thread that asks, and what it found.
type Worker = (Sender<Ask>, Receiver<Found>);
/// Starts that thread, for one kind of client.
type Start = fn(&ClientConfig, &Names) -> Option<Worker>;

/// See the module.
pub(super) struct Notes {
    config: ClientConfig,
    names: Names,
    start: Start,
    worker: Option<Worker>,
}

impl Notes {
    pub(super) fn new<K: Kafka>(config: &LaneConfig) -> Self {
        let mut client = config.client.clone();
        client
            .set("group.id", config.names.quarantine_group())
            .set("enable.auto.commit", "false");
        Self {
            config: client,
            names: config.names.clone(),
            start: start::<K>,
            worker: None,
        }
    }

    pub(super) fn put(&mut self, task: Task, note: Note) {
        self.ask(Ask::Put(task, note));
    }

    pub(super) fn clear(&mut self, task: Task) {
        self.ask(Ask::Clear(task));
    }

    /// Looks up what is noted of these tasks; [`Notes::next`] tells it of each.
    pub(super) fn look(&mut self, tasks: Vec<Task>) {
        self.ask(Ask::Look(tasks));
    }

    /// What was found since.
    pub(super) fn next(&mut self) -> Option<Found> {
        self.worker.as_ref()?.1.try_recv().ok()
    }

    fn ask(&mut self, ask: Ask) {
        if self.worker.is_none() {
            self.worker = (self.start)(&self.config, &self.names);
        }
        if let Some((asks, _)) = &self.worker {
            let _ = asks.send(ask);
        }
    }
}

fn start<K: Kafka>(config: &ClientConfig, names: &Names) -> Option<Worker> {
    let (asks, asked) = mpsc::channel();
    let (tell, told) = mpsc::channel();
    let clerk = Clerk::<K> {
        config: config.clone(),
        names: names.clone(),
        client: None,
    };
    let thread = thread::Builder::new().name("notes".to_owned());
    let started = thread.spawn(move || clerk.serve(&asked, &tell));
    started.ok().map(|_| (asks, told))
}

/// Writes what is noted of a partition with a client of the group.
pub(crate) fn write_note(
    client: &impl Reader,
    topic: &str,
    partition: i32,
    metadata: &str,
) -> Result<(), KafkaError> {
    let mut list = TopicPartitionList::new();
    let mut element = list.add_partition(topic, partition);
    element.set_offset(Offset::Offset(0))?;
    element.set_metadata(metadata);
    client.commit(&list, CommitMode::Sync)
}

/// The thread that asks.
struct Clerk<K: Kafka> {
    config: ClientConfig,
    names: Names,
    client: Option<K::Reader>,
}

impl<K: Kafka> Clerk<K> {
    fn serve(mut self, asked: &Receiver<Ask>, tell: &Sender<Found>) {
        loop {
            match asked.recv_timeout(KEPT) {
                Ok(ask) => {
                    // Notes are for people: what cannot be noted is in the log and in health all the same.
                    if let Err(error) = self.answer(ask, tell) {
                        tracing::debug!(%error, stage = %self.names.stage, "notes about tasks");
                    }
                }
                Err(mpsc::RecvTimeoutError::Timeout) => self.client = None,
                Err(mpsc::RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn answer(&mut self, ask: Ask, tell: &Sender<Found>) -> Result<(), KafkaError> {
        match ask {
            Ask::Put(task, note) => self.write(task, &note.to_metadata()),
            Ask::Clear(task) => self.write(task, ""),
            Ask::Look(tasks) => {
                for (task, note) in self.read(&tasks)? {
                    let _ = tell.send((task, note));
                }
                Ok(())
            }
        }
    }

    fn client(&mut self) -> Result<&K::Reader, KafkaError> {
        match &mut self.client {
            Some(client) => Ok(client),
            none => Ok(none.insert(K::reader(&self.config)?)),
        }
    }

    fn write(&mut self, task: Task, metadata: &str) -> Result<(), KafkaError> {
        let topic = self.names.topic(task.topic).to_owned();
        write_note(self.client()?, &topic, task.partition, metadata)
    }

    fn read(&mut self, tasks: &[Task]) -> Result<Vec<Found>, KafkaError> {
        let names = self.names.clone();
        let mut list = TopicPartitionList::new();
        for task in tasks {
            list.add_partition(names.topic(task.topic), task.partition);
        }
        let answer = self.client()?.committed_offsets(list, CALL)?;
        let found = tasks.iter().map(|task| {
            let element = answer.find_partition(names.topic(task.topic), task.partition);
            let note = element.and_then(|element| Note::from_metadata(element.metadata()));
            (*task, note)
        });
        Ok(found.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_fits_the_metadata_of_an_offset_whatever_it_says() {
        for why in ["short", &"x".repeat(9_000), &"\u{1}é\"".repeat(9_000)] {
            let note = Note {
                why: why.to_owned(),
                since: 7,
                by: "scorer-one-0".to_owned(),
                retry: false,
            };
            let metadata = note.to_metadata();
            assert!(metadata.len() < 4_096, "{} bytes", metadata.len());
            let again = Note::from_metadata(&metadata).unwrap();
            assert!(why.starts_with(&again.why) && again.since == 7);
        }
        assert_eq!(Note::from_metadata(""), None);
    }
}
