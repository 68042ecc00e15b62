//! Tasks that cannot go on until a person has mended something, as their lanes noted them, and asking for another try.

use super::{Admin, AdminError, CALL, Inner, blocking};
use crate::lane::{Note, write_note};
use model::Millis;
use rdkafka::consumer::Consumer;
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::topic_partition_list::TopicPartitionList;
use std::sync::Arc;
use topology::{StageName, Topic};

const DOING: &str = "reading which tasks are quarantined";

/// A task that is quarantined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuarantinedTask {
    /// The stage.
    pub stage: StageName,
    /// The topic that it reads.
    pub topic: Topic,
    /// The partition of it.
    pub partition: i32,
    /// Why, and what mends it.
    pub why: String,
    /// Since when, ms since 1970.
    pub since: Millis,
    /// The lane that found it.
    pub by: String,
    /// Whether somebody has asked for another try, and no lane has taken that up yet.
    pub retry: bool,
}

impl Admin {
    /// The quarantined tasks of these stages, in the order of the stream.
    pub async fn quarantined(&self, stages: &[StageName]) -> Result<Vec<QuarantinedTask>, AdminError> {
        let (inner, stages) = (Arc::clone(&self.0), stages.to_vec());
        blocking(DOING, move || {
            let mut found = Vec::new();
            for stage in stages {
                found.extend(inner.quarantined(stage)?);
            }
            Ok(found)
        })
        .await
    }

    /// Asks the lanes that have these tasks for another try.
    pub async fn retry(&self, tasks: &[QuarantinedTask]) -> Result<(), AdminError> {
        let (inner, tasks) = (Arc::clone(&self.0), tasks.to_vec());
        blocking("asking for another try", move || {
            tasks.iter().try_for_each(|task| inner.retry(task))
        })
        .await
    }
}

impl Inner {
    fn quarantined(&self, stage: StageName) -> Result<Vec<QuarantinedTask>, AdminError> {
        let group = self.reader(&self.prefix.apply(&stage.quarantine_group()))?;
        let mut found = Vec::new();
        for topic in stage.inputs() {
            let name = self.prefix.apply(topic.name());
            let partitions = self.partitions(&group, &name)?;
            let mut list = TopicPartitionList::new();
            for partition in &partitions {
                list.add_partition(&name, *partition);
            }
            let answer = group.committed_offsets(list, CALL);
            let answer = answer.map_err(|error| self.unreachable(DOING, &error))?;
            for element in answer.elements() {
                let Some(note) = Note::from_metadata(element.metadata()) else {
                    continue;
                };
                found.push(QuarantinedTask {
                    stage,
                    topic,
                    partition: element.partition(),
                    why: note.why,
                    since: note.since,
                    by: note.by,
                    retry: note.retry,
                });
            }
        }
        Ok(found)
    }

    fn retry(&self, task: &QuarantinedTask) -> Result<(), AdminError> {
        const DOING: &str = "asking for another try";
        let group = self.reader(&self.prefix.apply(&task.stage.quarantine_group()))?;
        let note = Note {
            why: task.why.clone(),
            since: task.since,
            by: task.by.clone(),
            retry: true,
        };
        let name = self.prefix.apply(task.topic.name());
        let written = write_note(&group, &name, task.partition, &note.to_metadata());
        written.map_err(|error| match error.rdkafka_error_code() {
            Some(RDKafkaErrorCode::GroupAuthorizationFailed) => AdminError::Refused {
                doing: DOING.to_owned(),
                why: format!("{error}; grant this user read on the group"),
            },
            _ => self.unreachable(DOING, &error),
        })
    }
}
