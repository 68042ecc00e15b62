//! The names of one stage's topics, group and clients, with the prefix, made once.

use topology::{Changelog, Prefix, StageName, Topic};

/// Names of one stage.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    /// The stage.
    pub stage: StageName,
    prefix: Prefix,
    topics: Vec<String>,
}

impl Names {
    pub(crate) fn new(stage: StageName, prefix: &Prefix) -> Self {
        let topics = Topic::all().map(|topic| prefix.apply(topic.name())).collect();
        Self {
            stage,
            prefix: prefix.clone(),
            topics,
        }
    }

    /// The name of a topic of the stream.
    pub(crate) fn topic(&self, topic: Topic) -> &str {
        &self.topics[topic as usize]
    }

    /// The stage's consumer group.
    pub(crate) fn group(&self) -> String {
        self.prefix.apply(self.stage.as_str())
    }

    /// The group that has no members and whose offsets carry notes about tasks of the stage.
    pub(crate) fn quarantine_group(&self) -> String {
        self.prefix.apply(&self.stage.quarantine_group())
    }

    /// The topic of a name, if it is one of the stream.
    pub(crate) fn parse(&self, name: &str) -> Option<Topic> {
        let at = self.topics.iter().position(|topic| topic == name)?;
        Topic::all().nth(at)
    }

    /// The changelog of a store of the stage.
    pub(crate) fn changelog(&self, store: &'static str) -> String {
        self.prefix.apply(
            &Changelog {
                stage: self.stage,
                store,
            }
            .topic_name(),
        )
    }

    /// The prefix.
    pub(crate) fn prefix(&self) -> &Prefix {
        &self.prefix
    }

    /// The id of one lane of one process: its transactional id, and its static membership in the group.
    pub(crate) fn lane(&self, instance: &str, lane: u16) -> String {
        self.prefix.apply(&format!("{}-{instance}-{lane}", self.stage))
    }
}
