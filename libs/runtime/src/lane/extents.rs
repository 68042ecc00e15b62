//! How far the changelogs of a task reach, so that one that was emptied is noticed. No Kafka, no clock, no I/O.
//!
//! A task's changelog partitions are written by its lane alone. Their ends are read at the restore, and everything that is
//! written after that is counted; so how far each must reach at least is known without asking the broker, and is
//! committed beside the task's offset. A changelog that ends earlier lost what was committed: it was deleted and made
//! anew, cut by retention or by an unclean leader election, or is another cluster's.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// One changelog partition, as `[begin, end]` in JSON.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(i64, i64)", into = "(i64, i64)")]
pub(crate) struct Extent {
    /// Its lowest offset. Compaction never moves it; what does deletes state.
    pub begin: i64,
    /// Its log end offset, at least.
    pub end: i64,
}

impl From<(i64, i64)> for Extent {
    fn from((begin, end): (i64, i64)) -> Self {
        Self { begin, end }
    }
}

impl From<Extent> for (i64, i64) {
    fn from(extent: Extent) -> Self {
        (extent.begin, extent.end)
    }
}

/// The changelogs of one task, by store. A store of which nothing is known may be as it likes: its offset was committed
/// by an older version, or set by a tool.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Extents {
    committed: BTreeMap<String, Extent>,
    /// Records of the open transaction.
    #[serde(skip)]
    written: BTreeMap<String, i64>,
}

/// What a changelog lacks of what was committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shortfall {
    expected: Extent,
    found: Extent,
}

impl fmt::Display for Shortfall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { expected, found } = self;
        if found.end < expected.end {
            write!(
                f,
                "ends at {}, but what was committed reaches {}",
                found.end, expected.end
            )
        } else {
            write!(
                f,
                "begins at {}, but what was committed begins at {}",
                found.begin, expected.begin
            )
        }
    }
}

impl Extents {
    /// A restore found a changelog so; an error if that is less than what was committed.
    pub(crate) fn found(&mut self, store: &str, found: Extent) -> Result<(), Shortfall> {
        if let Some(expected) = self.committed.get(store).copied()
            && (found.end < expected.end || found.begin > expected.begin)
        {
            return Err(Shortfall { expected, found });
        }
        self.committed.insert(store.to_owned(), found);
        Ok(())
    }

    /// Whether anything of a store was committed.
    pub(crate) fn knows(&self, store: &str) -> bool {
        self.committed.get(store).is_some_and(|extent| extent.end > 0)
    }

    /// So many records are in the open transaction.
    pub(crate) fn wrote(&mut self, store: &str, records: i64) {
        if records > 0 {
            *self.written.entry(store.to_owned()).or_default() += records;
        }
    }

    /// How far they reach once the open transaction commits. Its own marker may come a moment later than its offsets, so
    /// it does not count yet.
    pub(crate) fn after(&self) -> Self {
        let mut after = self.clone();
        after.commit(0);
        after
    }

    /// The transaction committed, with so many markers in each changelog that it touched.
    pub(crate) fn commit(&mut self, markers: i64) {
        for (store, records) in std::mem::take(&mut self.written) {
            if let Some(extent) = self.committed.get_mut(&store) {
                extent.end = extent.end.saturating_add(records).saturating_add(markers);
            }
        }
    }

    /// It did not.
    pub(crate) fn abort(&mut self) {
        self.written.clear();
    }

    /// Whether nothing is known.
    pub(crate) fn is_empty(&self) -> bool {
        self.committed.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extent(begin: i64, end: i64) -> Extent {
        Extent { begin, end }
    }

    fn restored() -> Extents {
        let mut extents = Extents::default();
        assert_eq!(extents.found("seen", extent(0, 10)), Ok(()));
        assert_eq!(extents.found("signals", extent(0, 0)), Ok(()));
        extents
    }

    #[test]
    fn what_is_committed_is_what_was_found_and_what_was_written_since() {
        let mut extents = restored();
        extents.wrote("seen", 5);
        let json = serde_json::to_string(&extents.after()).unwrap();
        assert_eq!(json, r#"{"seen":[0,15],"signals":[0,0]}"#);
        extents.commit(1);
        extents.wrote("signals", 2);
        extents.abort();
        extents.wrote("seen", 1);
        let json = serde_json::to_string(&extents.after()).unwrap();
        assert_eq!(
            json, r#"{"seen":[0,17],"signals":[0,0]}"#,
            "a marker lies between"
        );
    }

    #[test]
    fn a_changelog_that_reaches_less_far_is_refused_and_one_that_reaches_farther_is_not() {
        for (found, why) in [
            (extent(0, 0), "ends at 0, but what was committed reaches 10"),
            (extent(0, 9), "ends at 9"),
            (extent(10, 10), "begins at 10, but what was committed begins at 0"),
        ] {
            let refused = restored().found("seen", found).unwrap_err().to_string();
            assert!(refused.starts_with(why), "{refused}");
        }
        assert_eq!(restored().found("seen", extent(0, 11)), Ok(()));
        assert_eq!(restored().found("a new store", extent(3, 3)), Ok(()));
    }
}
