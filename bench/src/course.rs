//! The topics that a contender runs over: one or more stages under a prefix of their own.

use anyhow::{Context, Result};
use std::time::{SystemTime, UNIX_EPOCH};
use topology::{Changelog, Prefix, StageName, Topic};

/// Contenders share no topic and no group.
#[derive(Debug, Clone)]
pub(crate) struct Course {
    /// Before every topic and group name.
    pub(crate) prefix: Prefix,
    /// In the order of the stream; one at least.
    pub(crate) stages: Vec<StageName>,
    /// Of every topic.
    pub(crate) partitions: i32,
}

impl Course {
    /// A course that nobody ran over before.
    pub(crate) fn new(name: &str, stages: &[StageName], partitions: i32) -> Result<Self> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
        Ok(Self {
            prefix: Prefix::new(format!("bench.{now}.{name}.")),
            stages: stages.to_vec(),
            partitions,
        })
    }

    /// The name of the first topic.
    pub(crate) fn input(&self) -> Result<String> {
        let topic = self
            .stages
            .first()
            .and_then(|stage| stage.inputs().into_iter().next());
        Ok(self.name(topic.context("the course has no stage that reads")?))
    }

    /// The name of the last topic.
    pub(crate) fn output(&self) -> Result<String> {
        let topic = self.stages.last().and_then(|stage| written_by(*stage).last());
        Ok(self.name(topic.context("the course has no stage that writes")?))
    }

    /// The names of all topics but changelogs.
    pub(crate) fn topics(&self) -> Vec<String> {
        let read = self.stages.iter().flat_map(|stage| stage.inputs());
        let written = self.stages.iter().flat_map(|stage| written_by(*stage));
        let mut topics: Vec<Topic> = read.chain(written).chain([Topic::DeadLetters]).collect();
        topics.sort_unstable();
        topics.dedup();
        topics.into_iter().map(|topic| self.name(topic)).collect()
    }

    /// The names of the changelogs.
    pub(crate) fn changelogs(&self) -> Vec<String> {
        Changelog::all()
            .filter(|changelog| self.stages.contains(&changelog.stage))
            .map(|changelog| self.prefix.apply(&changelog.topic_name()))
            .collect()
    }

    /// The changelog of this store.
    pub(crate) fn changelog(&self, store: &str) -> Result<String> {
        let end = format!(".{store}.changelog");
        let found = self.changelogs().into_iter().find(|name| name.ends_with(&end));
        found.with_context(|| format!("the course has no changelog of {store}"))
    }

    /// Offset 0 of each partition.
    pub(crate) fn beginning(&self) -> Vec<i64> {
        (0..self.partitions).map(|_| 0).collect()
    }

    /// How many partitions each topic has.
    pub(crate) fn partition_count(&self) -> usize {
        self.beginning().len()
    }

    fn name(&self, topic: Topic) -> String {
        self.prefix.apply(topic.name())
    }
}

fn written_by(stage: StageName) -> impl Iterator<Item = Topic> {
    Topic::all().filter(move |topic| *topic != Topic::DeadLetters && topic.spec().writers.contains(&stage))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_course_begins_at_its_first_stage_and_ends_at_its_last() {
        let course = Course::new("x", &[StageName::Scorer, StageName::DedupAggregator], 4).unwrap();
        assert!(course.input().unwrap().ends_with(".x.events.normalized"));
        assert!(course.output().unwrap().ends_with(".x.signals"));
        assert_eq!(course.topics().len(), 6);
        assert_eq!(course.changelogs().len(), 5);
    }
}
