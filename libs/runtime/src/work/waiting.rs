//! Which tasks wait because what their next record says cannot be told yet, for how long, and why. No Kafka, no clock,
//! no I/O: time is passed in.
//!
//! Such a record is not taken: its task is paused and stands before it, so the lane stays free for its group, for whoever
//! stops it and for its other tasks. When its time has come the task goes on, and the same record is offered again.

use crate::commit_policy::Moment;
use stage::Task;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How soon a record is offered again.
const OFFER_AGAIN: Duration = Duration::from_millis(200);

struct Wait {
    until: Moment,
    why: String,
    /// Whether the lane was told of it: it goes back to the record then, so it must be told however late it asks.
    told: bool,
}

/// See the module.
#[derive(Default)]
pub(crate) struct Waiting {
    /// A task stays here until its record is taken, also while it is offered.
    tasks: BTreeMap<Task, Wait>,
    /// The tasks that the lane was told to pause, and not yet to go on with.
    paused: BTreeSet<Task>,
}

impl Waiting {
    /// The next record of a task cannot be taken yet.
    pub(crate) fn not_now(&mut self, task: Task, why: String, now: Moment) {
        let until = now + OFFER_AGAIN;
        let told = false;
        self.tasks.insert(task, Wait { until, why, told });
        // It was offered, so it is not paused, whatever was told before.
        self.paused.remove(&task);
    }

    /// A record of a task was taken.
    pub(crate) fn taken(&mut self, task: Task) {
        if !self.tasks.is_empty() {
            self.tasks.remove(&task);
        }
    }

    /// A task that is to be paused (`true`), or to go on, told once a change.
    pub(crate) fn next_change(&mut self, now: Moment) -> Option<(Task, bool)> {
        if self.tasks.is_empty() && self.paused.is_empty() {
            return None;
        }
        let waiting = self
            .tasks
            .iter()
            .filter(|(_, wait)| !wait.told || wait.until > now);
        let waiting: BTreeSet<Task> = waiting.map(|(task, _)| *task).collect();
        let task = *waiting.symmetric_difference(&self.paused).next()?;
        let pause = self.paused.insert(task);
        if !pause {
            self.paused.remove(&task);
        } else if let Some(wait) = self.tasks.get_mut(&task) {
            wait.told = true;
        }
        Some((task, pause))
    }

    /// The tasks that are paused.
    pub(crate) fn paused(&self) -> impl Iterator<Item = Task> {
        self.paused.iter().copied()
    }

    /// Why tasks wait, if any does.
    pub(crate) fn why(&self) -> Option<&str> {
        self.tasks.values().next().map(|wait| wait.why.as_str())
    }

    /// A task is no longer ours.
    pub(crate) fn let_go(&mut self, task: Task) {
        self.tasks.remove(&task);
        self.paused.remove(&task);
    }

    /// Every task goes on, and its record is offered again.
    pub(crate) fn forget(&mut self) {
        self.tasks.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use topology::Topic;

    const AT: Moment = Duration::from_secs(7);

    fn task(partition: i32) -> Task {
        Task {
            topic: Topic::EventsScored,
            partition,
        }
    }

    fn waiting() -> Waiting {
        let mut waiting = Waiting::default();
        waiting.not_now(task(1), "away".to_owned(), AT);
        waiting
    }

    #[test]
    fn whoever_asks_late_goes_back_to_the_record_all_the_same() {
        let (mut waiting, late) = (waiting(), AT + 9 * OFFER_AGAIN);
        assert_eq!(waiting.next_change(late), Some((task(1), true)));
        assert_eq!(waiting.next_change(late), Some((task(1), false)));
        assert_eq!(waiting.next_change(late), None);
    }

    #[test]
    fn a_task_pauses_for_its_time_and_waits_until_its_record_is_taken() {
        let mut waiting = waiting();
        assert_eq!(waiting.next_change(AT), Some((task(1), true)));
        assert_eq!(waiting.next_change(AT), None);
        assert_eq!(waiting.next_change(AT + OFFER_AGAIN), Some((task(1), false)));
        assert_eq!(waiting.why(), Some("away"), "it is only offered again");
        waiting.taken(task(1));
        assert_eq!(waiting.next_change(AT), None);
        assert_eq!(waiting.why(), None);
    }

    #[test]
    fn a_record_that_is_offered_in_vain_pauses_its_task_again() {
        let mut waiting = waiting();
        waiting.next_change(AT);
        waiting.next_change(AT + OFFER_AGAIN);
        waiting.not_now(task(1), "away".to_owned(), AT + OFFER_AGAIN);
        assert_eq!(waiting.next_change(AT + OFFER_AGAIN), Some((task(1), true)));
    }

    #[test]
    fn one_that_was_offered_too_early_is_told_to_pause_again() {
        let mut waiting = waiting();
        waiting.next_change(AT);
        waiting.not_now(task(1), "away".to_owned(), AT);
        assert_eq!(waiting.next_change(AT), Some((task(1), true)));
    }

    #[test]
    fn what_is_forgotten_goes_on_and_what_was_taken_away_is_nobodys_business() {
        let mut forgotten = waiting();
        forgotten.next_change(AT);
        forgotten.forget();
        assert_eq!(forgotten.next_change(AT), Some((task(1), false)));
        let mut gone = waiting();
        gone.next_change(AT);
        gone.let_go(task(1));
        assert_eq!(gone.next_change(AT), None);
        assert_eq!(gone.why(), None);
    }
}
