//! Which tasks are ours, and where the store stands with each. No Kafka, no clock, no I/O.
//!
//! A batch that was not stored, or of which it is unknown, is read again: but only from where it began. A store that
//! stands elsewhere has another owner, or has kept the batch after all; then the lane begins anew.

use crate::fault::Fault;
use stage::Task;
use std::collections::BTreeMap;

/// Where the store stands with a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// The group gave the task to us; the store was not asked yet.
    Given,
    /// The store has everything before this offset. The next record must be the one that is expected.
    At { next: i64, expected: Option<i64> },
    /// The records from here on were taken and not stored, or it is unknown.
    Doubtful { from: i64, first: i64 },
}

/// What to do with a task whose place in the store is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fetch {
    /// Begin to fetch it from this offset; from the beginning if nothing was ever stored.
    From(Option<i64>),
    /// Fetch it again from this record.
    Again(i64),
}

/// The tasks that are ours.
#[derive(Debug, Default)]
pub(super) struct Standing {
    places: BTreeMap<Task, Place>,
}

impl Standing {
    pub(super) fn give(&mut self, tasks: Vec<Task>) {
        self.places
            .extend(tasks.into_iter().map(|task| (task, Place::Given)));
    }

    pub(super) fn take_away(&mut self, tasks: &[Task]) {
        self.places.retain(|task, _| !tasks.contains(task));
    }

    /// Whether the task is ours, and the store has said where it stands.
    pub(super) fn runs(&self, task: Task) -> bool {
        matches!(self.places.get(&task), Some(Place::At { .. }))
    }

    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// The tasks of which the store is to be asked before anything is taken.
    pub(super) fn unknown(&self) -> Vec<Task> {
        let unknown = self
            .places
            .iter()
            .filter(|(_, place)| !matches!(place, Place::At { .. }));
        unknown.map(|(task, _)| *task).collect()
    }

    /// The store has said where it stands with a task.
    pub(super) fn learn(&mut self, task: Task, stored: Option<i64>) -> Result<Option<Fetch>, Fault> {
        let next = stored.unwrap_or_default();
        let (fetch, expected) = match self.places.get(&task) {
            Some(Place::Given) => (Fetch::From(stored), None),
            Some(Place::Doubtful { from, first }) if *from == next => (Fetch::Again(*first), Some(*first)),
            Some(Place::Doubtful { from, .. }) => {
                return Err(Fault::rebuild(format!(
                    "the store has {task:?} at {next} and not at {from}: it kept the batch after all, or has another owner"
                )));
            }
            Some(Place::At { .. }) | None => return Ok(None),
        };
        self.places.insert(task, Place::At { next, expected });
        Ok(Some(fetch))
    }

    /// A record was taken; says what the store has before it. `None` where the task is not ours, or not yet.
    pub(super) fn take(&mut self, task: Task, offset: i64) -> Result<Option<i64>, Fault> {
        let Some(Place::At { next, expected }) = self.places.get_mut(&task) else {
            return Ok(None);
        };
        if offset < *next || expected.take().is_some_and(|expected| expected != offset) {
            return Err(Fault::rebuild(format!(
                "{task:?} came with offset {offset}, out of its order"
            )));
        }
        Ok(Some(*next))
    }

    /// The record that was taken last is not stored yet: it must come again first. What came before it counts.
    pub(super) fn put_back(&mut self, task: Task, offset: i64) {
        if let Some(Place::At { expected, .. }) = self.places.get_mut(&task) {
            *expected = Some(offset);
        }
    }

    /// The record that must come next, if it is known.
    pub(super) fn expected(&self, task: Task) -> Option<i64> {
        match self.places.get(&task) {
            Some(Place::At { expected, .. }) => *expected,
            _ => None,
        }
    }

    /// Everything before this offset is stored.
    pub(super) fn stored(&mut self, task: Task, to: i64) {
        if let Some(Place::At { next, .. }) = self.places.get_mut(&task) {
            *next = to;
        }
    }

    /// The records from `first` on were taken and are not stored, as far as is known; the store stood at `from`.
    pub(super) fn doubt(&mut self, task: Task, from: i64, first: i64) {
        if let Some(place) = self.places.get_mut(&task) {
            *place = Place::Doubtful { from, first };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use topology::Topic;

    const TASK: Task = Task {
        topic: Topic::Detections,
        partition: 0,
    };

    fn given() -> Standing {
        let mut standing = Standing::default();
        standing.give(vec![TASK]);
        standing
    }

    #[test]
    fn nothing_is_taken_before_the_store_was_asked() {
        let mut standing = given();
        assert_eq!(standing.take(TASK, 7), Ok(None));
        assert_eq!(standing.unknown(), [TASK]);
        assert_eq!(standing.learn(TASK, Some(7)), Ok(Some(Fetch::From(Some(7)))));
        assert_eq!(standing.unknown(), []);
        assert_eq!(standing.take(TASK, 8), Ok(Some(7)));
    }

    #[test]
    fn a_batch_that_was_not_stored_is_read_again_from_its_first_record() {
        let mut standing = given();
        standing.learn(TASK, None).unwrap();
        standing.take(TASK, 5).unwrap();
        standing.doubt(TASK, 0, 5);
        assert_eq!(standing.unknown(), [TASK]);
        assert_eq!(standing.learn(TASK, None), Ok(Some(Fetch::Again(5))));
        assert!(
            standing.take(TASK, 6).is_err(),
            "a record fetched before the seek"
        );
    }

    #[test]
    fn a_record_that_is_put_back_comes_again_after_what_came_before_it_is_stored() {
        let mut standing = given();
        standing.learn(TASK, Some(7)).unwrap();
        standing.take(TASK, 7).unwrap();
        standing.take(TASK, 8).unwrap();
        standing.put_back(TASK, 8);
        standing.stored(TASK, 8);
        assert_eq!(standing.expected(TASK), Some(8));
        assert!(
            standing.take(TASK, 9).is_err(),
            "a record fetched before the seek"
        );
    }

    #[test]
    fn a_batch_that_was_stored_after_all_is_not_stored_again() {
        let mut standing = given();
        standing.learn(TASK, Some(7)).unwrap();
        standing.doubt(TASK, 7, 7);
        assert!(standing.learn(TASK, Some(9)).is_err());
    }

    #[test]
    fn what_was_taken_away_is_nobodys_business() {
        let mut standing = given();
        standing.learn(TASK, Some(7)).unwrap();
        standing.take_away(&[TASK]);
        standing.stored(TASK, 9);
        standing.doubt(TASK, 7, 7);
        assert_eq!(standing.take(TASK, 9), Ok(None));
        assert_eq!((standing.len(), standing.learn(TASK, Some(9))), (0, Ok(None)));
    }

    #[test]
    fn a_record_that_is_stored_does_not_come_again() {
        let mut standing = given();
        standing.learn(TASK, Some(7)).unwrap();
        standing.stored(TASK, 9);
        assert!(standing.take(TASK, 8).is_err());
        assert_eq!(standing.take(TASK, 9), Ok(Some(9)));
    }
}
