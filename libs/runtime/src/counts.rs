//! A task's flow counts, carried as the metadata of its committed offset: they are committed with the offset or not at
//! all, cost the broker no record of their own, and are read back where the offset is.

use stage::FlowCounts;

/// The counts as the metadata of an offset: JSON, so that Kafka's own tools show it. Reasons are few, so it stays far
/// below the broker's limit (`offset.metadata.max.bytes`, 4096).
pub(crate) fn to_metadata(counts: &FlowCounts) -> Result<String, String> {
    serde_json::to_string(counts).map_err(|error| error.to_string())
}

/// The counts in the metadata of an offset; an offset that was set by a tool has none and counts from zero.
pub(crate) fn from_metadata(metadata: &str) -> Result<FlowCounts, String> {
    if metadata.is_empty() {
        return Ok(FlowCounts::default());
    }
    serde_json::from_str(metadata)
        .map_err(|error| format!("the metadata of the offset is no flow count: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_come_back_as_they_went() {
        let mut counts = FlowCounts::default();
        counts.count_out(2);
        counts.count_dead("undecodable", model::Fault::Producer);
        counts.count_late("three_failures");
        assert_eq!(from_metadata(&to_metadata(&counts).unwrap()), Ok(counts));
        assert_eq!(from_metadata(""), Ok(FlowCounts::default()));
        assert!(from_metadata("somebody else's note").is_err());
    }
}
