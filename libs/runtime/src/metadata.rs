//! What is kept of a task as the metadata of its committed offset: it is committed with the offset or not at all, costs the
//! broker no record of its own, and is read back where the offset is.

use crate::lane::Extents;
use serde::{Deserialize, Serialize};
use stage::FlowCounts;

/// What stands beside an offset: JSON, so that Kafka's own tools show it. Reasons and stores are few, so it stays far
/// below the broker's limit (`offset.metadata.max.bytes`, 4096). Older versions wrote the counts alone, and pass over what
/// they do not know.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Metadata {
    /// What became of the task's records.
    #[serde(flatten)]
    pub counts: FlowCounts,
    /// How far its changelogs reach.
    #[serde(default, skip_serializing_if = "Extents::is_empty")]
    pub changelogs: Extents,
    /// How many partitions its topic has, by which keys are given to tasks; of a stage with state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partitions: Option<i32>,
}

impl Metadata {
    /// As text.
    pub(crate) fn write(&self) -> Result<String, String> {
        serde_json::to_string(self).map_err(|error| error.to_string())
    }

    /// Of this text; an offset that was set by a tool has none, counts from zero and knows no changelogs.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        serde_json::from_str(text)
            .map_err(|error| format!("the metadata of the offset is no flow count: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lane::Extent;

    fn counts() -> FlowCounts {
        let mut counts = FlowCounts::default();
        counts.count_out(2);
        counts.count_dead("undecodable", model::Fault::Producer);
        counts.count_late("three_failures");
        counts
    }

    #[test]
    fn what_is_kept_comes_back_as_it_went() {
        let mut changelogs = Extents::default();
        changelogs.found("seen", Extent { begin: 0, end: 7 }).unwrap();
        let counts = counts();
        let kept = Metadata {
            counts,
            changelogs,
            partitions: Some(12),
        };
        assert_eq!(Metadata::read(&kept.write().unwrap()), Ok(kept));
        assert_eq!(Metadata::read(""), Ok(Metadata::default()));
        assert!(Metadata::read("somebody else's note").is_err());
    }

    #[test]
    fn older_and_newer_versions_read_each_other() {
        let older = serde_json::to_string(&counts()).unwrap();
        let read = Metadata::read(&older).unwrap();
        assert_eq!((read.counts, read.changelogs.is_empty()), (counts(), true));
        let newer = r#"{"read":1,"out":1,"emitted":1,"duplicate":0,"filtered":{},"dead":{},"changelogs":{"seen":[0,7]}}"#;
        assert_eq!(serde_json::from_str::<FlowCounts>(newer).unwrap().read, 1);
    }
}
