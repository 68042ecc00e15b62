//! The one table of topics: names, values, keys, cleanup, who writes and who reads. Everything else reads it.
//!
//! Pure data: no Kafka, no configuration, no I/O.

mod access;
mod changelog;
mod stage_name;
mod topic;

pub use access::{Operation, Resource, Right};
pub use changelog::Changelog;
pub use stage_name::StageName;
pub use topic::{Cleanup, Schema, Topic, TopicSpec};

/// A prefix put before every topic and group name, so that installations share a cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Prefix(String);

impl Prefix {
    /// A prefix; the empty string means none.
    pub fn new(prefix: impl Into<String>) -> Self {
        Self(prefix.into())
    }

    /// The name with the prefix before it.
    pub fn apply(&self, name: &str) -> String {
        format!("{}{name}", self.0)
    }

    /// The name without the prefix, if it has it.
    pub fn strip<'a>(&self, name: &'a str) -> Option<&'a str> {
        name.strip_prefix(self.0.as_str())
    }
}
