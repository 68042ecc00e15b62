//! Which changelogs of a restore are read up to which offset, and so which tasks are restored. No Kafka, no clock, no I/O.
//!
//! A changelog is read once the consumer's *position* has reached the high watermark that was read at the start. That
//! an end was told says nothing: there is one for every marker that is written meanwhile, and a replica that is behind
//! tells its own.

/// A partition of a changelog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Source {
    /// The place of its task among those of the restore.
    task: usize,
    /// The high watermark at the start.
    wanted: i64,
    read: bool,
}

/// What is left to read, by the places of sources and tasks in the order in which they were added.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Coverage {
    sources: Vec<Source>,
    /// How many sources of each task are not read yet.
    left: Vec<usize>,
}

impl Coverage {
    /// A restore of so many tasks, none of which has anything to read yet.
    pub(super) fn of(tasks: usize) -> Self {
        Self {
            sources: Vec::new(),
            left: vec![0; tasks],
        }
    }

    /// A task has another source, which is to be read up to this offset.
    pub(super) fn add(&mut self, task: usize, wanted: i64) {
        if let Some(left) = self.left.get_mut(task) {
            let read = false;
            self.sources.push(Source { task, wanted, read });
            *left += 1;
        }
    }

    /// The consumer stands at this offset of a source; whether the source is read by that, and was not before.
    pub(super) fn stands_at(&mut self, source: usize, position: i64) -> bool {
        let Some(source) = self.sources.get_mut(source) else {
            return false;
        };
        if source.read || position < source.wanted {
            return false;
        }
        source.read = true;
        self.left[source.task] -= 1;
        true
    }

    /// Whether everything of a task is read.
    pub(super) fn is_whole(&self, task: usize) -> bool {
        self.left.get(task) == Some(&0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two tasks: the first with a short and a long changelog, the second with one.
    fn coverage() -> Coverage {
        let mut coverage = Coverage::of(3);
        coverage.add(0, 10);
        coverage.add(0, 1_000);
        coverage.add(1, 5);
        coverage
    }

    #[test]
    fn two_ends_of_one_changelog_are_not_the_end_of_another() {
        let mut coverage = coverage();
        assert!(coverage.stands_at(0, 10));
        // Markers that were written meanwhile: the same changelog ends again, further on.
        assert!(!coverage.stands_at(0, 12) && !coverage.stands_at(0, 14));
        assert!(!coverage.is_whole(0));
        assert!(coverage.stands_at(1, 1_000) && coverage.is_whole(0));
    }

    #[test]
    fn an_end_that_a_lagging_replica_tells_is_none() {
        let mut coverage = coverage();
        assert!(!coverage.stands_at(2, 4) && !coverage.is_whole(1));
        assert!(coverage.stands_at(2, 5) && coverage.is_whole(1));
        assert!(!coverage.is_whole(0));
    }

    #[test]
    fn a_task_without_anything_to_read_is_whole_and_an_unknown_one_is_not() {
        let mut coverage = coverage();
        assert!(coverage.is_whole(2) && !coverage.is_whole(3));
        assert!(!coverage.stands_at(9, i64::MAX));
    }
}
