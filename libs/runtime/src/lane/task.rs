//! One task of a lane: the state, the counts and the place in its input of one partition.

use super::extents::Extents;
use super::kept::Committed;
use super::outbox::fits_changelog;
use crate::fault::Fault;
use crate::metadata::Metadata;
use crate::observer::Deaths;
use stage::{FlowCounts, StoreError, Stores, Task};
use topology::StageName;

/// A task that runs.
pub(crate) struct Running<S> {
    /// Which one.
    pub task: Task,
    /// The partition of the stage's changelogs that is this task's.
    pub changelog_partition: i32,
    /// Its keyed state.
    pub stores: S,
    /// What became of the records whose transactions committed.
    pub counts: FlowCounts,
    /// How far its changelogs reach.
    pub changelogs: Extents,
    /// How many partitions its topic has, if that matters to its state.
    pub partitions: Option<i32>,
    /// What became of the records of the open transaction.
    pub pending: FlowCounts,
    /// The dead letters of the open transaction, by whose they are.
    pub deaths: Deaths,
    /// The next offset after the last commit; `None` before the first record was ever committed.
    pub committed: Option<i64>,
    /// The next offset after the last record applied.
    pub next: Option<i64>,
    /// The record that must come next: the first one of the aborted transaction, or one that was put back.
    pub expected: Option<i64>,
    /// The first record of the open transaction.
    first: Option<i64>,
    /// Whether the open transaction holds writes that no record led to: timers, or what was performed later.
    touched: bool,
    /// Whether a record came since this was asked last.
    heard: bool,
    /// What the broker keeps of it, as far as is known; `None` before the first commit.
    standing: Option<Committed>,
    /// What the broker keeps of it if the open transaction is committed, once that was asked for.
    asked: Option<Committed>,
    /// Whether each record's changes of state are measured, and whether some were too large for the changelog.
    measured: Option<Measured>,
}

/// How the changes of state are measured, record by record: they are written once a commit, so that it shows only then
/// that one is too large; which record made it so shows when the records are applied again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Measured {
    found: bool,
}

impl<S: Stores> Running<S> {
    /// A task that was restored.
    pub(crate) fn new(task: Task, changelog_partition: i32, stores: S) -> Self {
        Self {
            task,
            changelog_partition,
            stores,
            counts: FlowCounts::default(),
            changelogs: Extents::default(),
            partitions: None,
            pending: FlowCounts::default(),
            deaths: Deaths::new(),
            committed: None,
            next: None,
            expected: None,
            first: None,
            touched: false,
            heard: false,
            standing: None,
            asked: None,
            measured: None,
        }
    }

    /// What the broker keeps of it, as far as is known.
    pub(crate) fn standing(&self) -> Option<&Committed> {
        self.standing.as_ref()
    }

    /// The same task in another lane, if this is what the broker keeps of it: as the last commit left it, or as the one
    /// of unknown outcome did.
    pub(crate) fn resume_at(mut self, committed: &Committed) -> Option<Self> {
        if self.asked.as_ref() == Some(committed) {
            self.commit();
        } else if self.standing.as_ref() == Some(committed) {
            self.abort();
        } else {
            return None;
        }
        self.expected = None;
        self.heard = false;
        Some(self)
    }

    /// Whether a record came since this was asked last.
    pub(crate) fn heard(&mut self) -> bool {
        std::mem::take(&mut self.heard)
    }

    /// Something was written for this task without a record.
    pub(crate) fn touch(&mut self) {
        self.touched = true;
    }

    /// A change of state is too large for its changelog: from now on each record's changes are measured, until a commit
    /// in which none was too large. `false` if they were already, so that no record is to blame.
    pub(crate) fn measure(&mut self) -> bool {
        self.measured.replace(Measured::default()).is_none()
    }

    /// Whether what the record that was applied last changed is too large, if that is measured.
    pub(crate) fn outgrows_changelog(&mut self) -> Result<bool, StoreError> {
        let Some(measured) = &mut self.measured else {
            return Ok(false);
        };
        let (mut fits, mut shown) = (true, Ok(()));
        self.stores.each(&mut |store| {
            let each = store.changes_since_savepoint(&mut |change| fits &= fits_changelog(change));
            shown = std::mem::replace(&mut shown, Ok(())).and(each);
        });
        measured.found |= !fits;
        shown.map(|()| !fits)
    }

    /// Where the last commit left it.
    pub(crate) fn stand_at(&mut self, offset: i64, kept: Metadata) {
        self.committed = Some(offset);
        self.next = Some(offset);
        self.standing = Some((offset, kept.clone()));
        self.counts = kept.counts;
        self.changelogs = kept.changelogs;
    }

    /// Checks that a record is the one that follows; librdkafka may hand out records that it fetched before a seek.
    pub(crate) fn accept(&mut self, offset: i64) -> Result<(), Fault> {
        let too_early = self.next.is_some_and(|next| offset < next);
        let skipped = self.expected.take().is_some_and(|expected| offset != expected);
        if too_early || skipped {
            return Err(Fault::rebuild(format!(
                "{:?} came with offset {offset}, out of its order",
                self.task
            )));
        }
        self.heard = true;
        self.first.get_or_insert(offset);
        self.next = Some(offset + 1);
        Ok(())
    }

    /// The record that was accepted last is not taken after all: it must come again first. What came before it counts,
    /// and the partition is not silent.
    pub(crate) fn put_back(&mut self, offset: i64) {
        self.first.take_if(|first| *first == offset);
        self.next = Some(offset);
        self.expected = Some(offset);
    }

    /// Whether the open transaction holds anything of this task.
    pub(crate) fn is_dirty(&self) -> bool {
        self.first.is_some() || self.touched
    }

    /// What the broker is to keep of it once the open transaction commits; nothing before the first record ever.
    pub(crate) fn ask(&mut self) -> Option<&Committed> {
        let mut counts = self.counts.clone();
        counts.add(&self.pending);
        let changelogs = self.changelogs.after();
        let metadata = Metadata {
            counts,
            changelogs,
            partitions: self.partitions,
        };
        self.asked = self.next.map(|next| (next, metadata));
        self.asked.as_ref()
    }

    /// The transaction committed; its marker is the next record of each changelog that it touched.
    pub(crate) fn commit(&mut self) {
        self.settle(1);
    }

    /// What was done is committed, with so many markers.
    pub(crate) fn settle(&mut self, markers: i64) {
        self.changelogs.commit(markers);
        self.stores.each(&mut |store| store.commit());
        self.counts.add(&std::mem::take(&mut self.pending));
        self.deaths.clear();
        self.committed = self.next;
        // Without an offset nothing tells this state from any other.
        self.standing = self.asked.take();
        self.first = None;
        self.touched = false;
        self.measured = self
            .measured
            .filter(|measured| measured.found)
            .map(|_| Measured::default());
    }

    /// The transaction did not.
    pub(crate) fn abort(&mut self) {
        self.stores.each(&mut |store| store.abort());
        self.changelogs.abort();
        self.pending = FlowCounts::default();
        self.deaths.clear();
        self.asked = None;
        self.touched = false;
        self.next = self.committed;
        self.expected = self.first.take().or(self.expected);
    }

    /// Where to read again.
    pub(crate) fn rewind_to(&self) -> Option<i64> {
        self.expected
    }
}

/// The partition of the stage's changelogs that belongs to a task: its topic's place among the inputs decides, so
/// that equal partitions of two inputs never share state.
pub(crate) fn changelog_partition(stage: StageName, task: Task, partitions: i32) -> i32 {
    let place = stage
        .inputs()
        .iter()
        .position(|topic| *topic == task.topic)
        .unwrap_or_default();
    i32::try_from(place).unwrap_or_default() * partitions + task.partition
}

#[cfg(test)]
mod tests {
    use super::*;
    use topology::Topic;

    fn running() -> Running<()> {
        Running::new(
            Task {
                topic: Topic::EventsScored,
                partition: 0,
            },
            0,
            (),
        )
    }

    #[test]
    fn after_an_abort_the_same_record_comes_first() {
        let mut task = running();
        task.accept(4).unwrap();
        task.accept(7).unwrap();
        task.abort();
        assert_eq!(task.rewind_to(), Some(4));
        assert!(task.accept(8).is_err(), "a record fetched before the seek");
        let mut task = running();
        task.accept(4).unwrap();
        task.abort();
        task.accept(4).unwrap();
        task.commit();
        assert_eq!(task.committed, Some(5));
    }

    #[test]
    fn a_record_that_is_put_back_comes_next_and_is_no_part_of_the_transaction() {
        let mut task = running();
        task.accept(4).unwrap();
        task.put_back(4);
        assert!(!task.is_dirty());
        assert_eq!(task.rewind_to(), Some(4));
        task.accept(4).unwrap();
        task.accept(9).unwrap();
        task.put_back(9);
        task.commit();
        assert_eq!(task.committed, Some(9));
        assert!(task.accept(10).is_err(), "a record fetched before the seek");
    }

    #[test]
    fn after_an_abort_the_records_before_the_one_put_back_come_again() {
        let mut task = running();
        task.accept(4).unwrap();
        task.accept(5).unwrap();
        task.put_back(5);
        task.abort();
        assert_eq!(task.rewind_to(), Some(4));
    }

    #[test]
    fn a_record_never_comes_twice() {
        let mut task = running();
        task.accept(4).unwrap();
        task.commit();
        assert!(task.accept(4).is_err());
        task.accept(9).unwrap();
    }

    /// A task whose commit up to offset 8 was asked for, after one up to 5.
    fn in_doubt() -> Running<()> {
        let mut task = running();
        task.stand_at(5, Metadata::default());
        task.accept(7).unwrap();
        task.pending.count_out(1);
        task.ask();
        task
    }

    fn asked() -> Committed {
        in_doubt().ask().cloned().unwrap()
    }

    #[test]
    fn a_commit_of_unknown_outcome_is_what_the_broker_says() {
        let after = in_doubt().resume_at(&asked()).unwrap();
        assert_eq!((after.committed, after.counts.read), (Some(8), 1));
        let before = in_doubt().resume_at(&(5, Metadata::default())).unwrap();
        assert_eq!((before.committed, before.counts.read), (Some(5), 0));
        assert!(!after.is_dirty() && !before.is_dirty());
    }

    #[test]
    fn a_task_that_somebody_else_had_meanwhile_is_not_resumed() {
        let (_, others) = asked();
        assert!(in_doubt().resume_at(&(9, Metadata::default())).is_none());
        assert!(
            in_doubt().resume_at(&(5, others)).is_none(),
            "a timer committed without a record"
        );
        let mut aborted = in_doubt();
        aborted.abort();
        assert!(
            aborted.resume_at(&asked()).is_none(),
            "it was not asked for again"
        );
    }

    #[test]
    fn two_inputs_share_no_changelog_partition() {
        let of =
            |topic, partition| changelog_partition(StageName::NotifierPlan, Task { topic, partition }, 12);
        assert_eq!(of(Topic::SignalsEnriched, 3), 3);
        assert_eq!(of(Topic::Detections, 3), 15);
    }
}
