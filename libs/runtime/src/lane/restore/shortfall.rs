//! Refuses a changelog that holds less than was committed. Offsets that stand while the state beside them is gone count
//! everything anew, in silence; so what mends it never leaves the two apart.

use super::{BEGIN_ANEW, Job};
use crate::client::{is_missing, no_ends, watermarks};
use crate::fault::Fault;
use crate::kafka::Kafka;
use crate::lane::extents::Extent;
use crate::lane::task::Running;
use stage::Stores;

/// State that was committed is not there.
pub(super) fn lost(what: &str) -> Fault {
    Fault::halt(format!(
        "{what}: state that was committed is gone (the changelog was deleted and made anew, cut by retention or by an \
         unclean leader election, or is another cluster's); bring the changelog back, or begin anew: {BEGIN_ANEW}; or \
         accept the loss by setting the group's offsets to where they stand (docs/FAULTS.md, \"A changelog was emptied\")"
    ))
}

impl<S: Stores, K: Kafka> Job<S, K> {
    /// The ends of one of the changelogs of a task, which holds at least what was committed.
    pub(super) fn ends_of(
        &self,
        client: &K::Reader,
        running: &mut Running<S>,
        store: &'static str,
    ) -> Result<(i64, i64), Fault> {
        let (topic, partition) = (self.names.changelog(store), running.changelog_partition);
        let (low, high) = match watermarks(client, &topic, partition) {
            Ok(ends) => ends,
            // A new one would be empty.
            Err(error)
                if running.changelogs.knows(store) && is_missing(client, &topic, partition, &error) =>
            {
                return Err(lost(&format!("{topic}-{partition} is missing")));
            }
            Err(error) => return Err(no_ends(client, &topic, partition, &error)),
        };
        let found = Extent {
            begin: low,
            end: high,
        };
        let enough = running.changelogs.found(store, found);
        enough
            .map_err(|shortfall| lost(&format!("{topic}-{partition} {shortfall}")).of_task(running.task))?;
        Ok((low, high))
    }
}
