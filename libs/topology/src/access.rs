//! What a stage needs of the broker, and no more: the least rights of whoever runs it. No Kafka, no I/O.

use crate::{Changelog, Prefix, StageName, Topic};
use std::fmt;

/// What a right is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    /// A topic.
    Topic(String),
    /// A consumer group.
    Group(String),
    /// All transactional ids that begin so.
    TransactionalIds(String),
}

/// What may be done to it. Each implies `Describe`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// Read records, commit offsets.
    Read,
    /// Write records.
    Write,
}

impl Operation {
    /// Kafka's word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "Read",
            Self::Write => "Write",
        }
    }
}

/// One right.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Right {
    /// What it is about.
    pub resource: Resource,
    /// What may be done.
    pub operation: Operation,
}

/// In the words of Kafka's own tool, `kafka-acls`.
impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "--operation {} ", self.operation.as_str())?;
        match &self.resource {
            Resource::Topic(name) => write!(f, "--topic {name}"),
            Resource::Group(name) => write!(f, "--group {name}"),
            Resource::TransactionalIds(prefix) => {
                write!(f, "--resource-pattern-type prefixed --transactional-id {prefix}")
            }
        }
    }
}

impl StageName {
    /// The rights that running this stage takes, in the order of the stream.
    pub fn rights(self, prefix: &Prefix) -> Vec<Right> {
        let topic = |name: &str| Resource::Topic(prefix.apply(name));
        let mut rights = Vec::new();
        let mut grant = |operation, resource| rights.push(Right { resource, operation });
        for input in self.inputs() {
            grant(Operation::Read, topic(input.name()));
        }
        if self == Self::NotifierDeliver {
            grant(Operation::Read, topic(Topic::NotificationsChannels.name()));
        }
        for output in Topic::all().filter(|topic| topic.spec().writers.contains(&self)) {
            grant(Operation::Write, topic(output.name()));
        }
        for store in self.stores() {
            let changelog = Changelog { stage: self, store }.topic_name();
            grant(Operation::Read, topic(&changelog));
            grant(Operation::Write, topic(&changelog));
        }
        if self != Self::Adapters {
            let name = prefix.apply(self.as_str());
            grant(Operation::Read, Resource::Group(name.clone()));
            grant(
                Operation::Read,
                Resource::Group(prefix.apply(&self.quarantine_group())),
            );
            // One a process and lane, which the instance's name makes.
            grant(Operation::Write, Resource::TransactionalIds(format!("{name}-")));
        }
        rights
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(stage: StageName) -> Vec<String> {
        let rights = stage.rights(&Prefix::new("p."));
        rights.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_edge_may_write_one_topic() {
        assert_eq!(
            of(StageName::Adapters),
            ["--operation Write --topic p.ingest.events"]
        );
    }

    #[test]
    fn a_stage_may_use_its_own_and_nothing_else() {
        assert_eq!(
            of(StageName::Detector),
            [
                "--operation Read --topic p.events.normalized",
                "--operation Write --topic p.detections",
                "--operation Write --topic p.dead-letters",
                "--operation Read --topic p.detector.seen.changelog",
                "--operation Write --topic p.detector.seen.changelog",
                "--operation Read --topic p.detector.windows.changelog",
                "--operation Write --topic p.detector.windows.changelog",
                "--operation Read --topic p.detector.alerts.changelog",
                "--operation Write --topic p.detector.alerts.changelog",
                "--operation Read --topic p.detector.timers.changelog",
                "--operation Write --topic p.detector.timers.changelog",
                "--operation Read --group p.detector",
                "--operation Read --group p.detector.quarantine",
                "--operation Write --resource-pattern-type prefixed --transactional-id p.detector-",
            ]
        );
    }
}
