//! Every interleaving of a lane, its group, its broker and another member, up to the bounds below, through the
//! production [`Protocol::step`].
//!
//! The world is what Kafka would do: a commit takes all of a transaction or nothing, is refused when the group has given
//! a partition of it away, may fail with or without having come to pass, and may leave a request behind that ends
//! whatever transaction is open when it arrives. What must hold in every state is in [`World::check`].
//!
//! A model that cannot fail proves nothing. `just mutations` puts each of these breakages into the code and sees that the
//! tests of the protocol fail:
//!
//! - a stale restore runs: `if self.tasks.run(task, attempt)` → `if self.tasks.run(task, attempt) || true`
//! - records of a revoked task are committed: `if dirty && matches!` → `if false && matches!`
//! - a doubtful producer is used again: `if doubtful && !self.stopping` → `if false && !self.stopping`
//! - a failed commit is taken for an aborted one: `(Recovery::Rebuild, _) => self.end(Command::Rebuild),` → `(Recovery::Rebuild, _) => self.abort(),`
//! - a failed abort is tried again: `(Recovery::Abort, Transaction::Aborting | Transaction::Renewing)` → `(Recovery::Abort, Transaction::Renewing)`
//! - what ended goes on: `if self.transaction == Transaction::Ended` → `if false`
//! - a lost lane goes on: `Event::Lost => self.end(Command::Rebuild),` → `Event::Lost => Vec::new(),`
//! - a stop forgets the open transaction: `Transaction::Open(_) => self.commit(now),` → `Transaction::Open(_) => self.end(Command::Leave),`
//! - a touched task counts as clean: `if tasks.iter().all(|task| self.tasks.touch(*task))` → `if !tasks.is_empty()`
//! - a drained input is not committed: `open.drained = true;` → `open.drained = false;`
//! - a quarantined task goes on: `Some(Leaving::Now) => vec![Command::Quarantine(task)],` → `Some(Leaving::Now) => Vec::new(),`
//! - a task that leaves is never quarantined: `let quarantined = quarantined.into_iter().map(Command::Quarantine);` → `let quarantined = std::iter::empty::<Command<T>>();`
//! - whoever rests is never resumed: `let resumed = self.tasks.end_back_off();` → `let resumed: Vec<T> = Vec::new();`
//! - a stop waits for ever: `self.stopping = true;` → `self.stopping = false;`

use super::{Command, Event, Protocol, Transaction};
use crate::commit_policy::CommitPolicy;
use crate::fault::Recovery;
use proptest::prelude::*;
use std::collections::{HashSet, VecDeque};
use std::time::Duration;

const TASKS: usize = 2;

/// How much may happen in one history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Bounds {
    /// Records in each task's input.
    records: u8,
    /// Changes of the group.
    changes: u8,
    /// Calls that fail, or leave a request behind.
    troubles: u8,
    /// Commits of another member.
    others: u8,
    /// Tasks that cannot go on, and people who ask for another try.
    quarantines: u8,
}

type T = usize;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Word {
    Assigned(T),
    Revoked(T),
    Lost,
}

/// A restore: for which task, by which command, and where it found the group to stand.
type Job = (T, u64, Option<u8>);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct World {
    lane: Protocol<T>,
    ended: bool,
    left: Bounds,
    /// What the group has decided, and what the lane has not heard of it yet.
    owned: [bool; TASKS],
    words: VecDeque<Word>,
    /// What `read_committed` readers see: offsets, and outputs.
    offsets: [u8; TASKS],
    outputs: [u8; TASKS],
    /// The open transaction: records by task and offset; and a request to end one that is still on its way.
    open: Vec<(T, u8)>,
    late: bool,
    /// The task of a record that was taken and of which the lane was not told yet.
    taken: Option<T>,
    /// The shell: restores, what the last one found, what is fetched, the next record, where the last commit left the task, what was released.
    jobs: Vec<Job>,
    found: u8,
    fetching: [bool; TASKS],
    paused: [bool; TASKS],
    quarantined: [bool; TASKS],
    next: [u8; TASKS],
    stands: [u8; TASKS],
    released: [bool; TASKS],
}

impl World {
    fn new(left: Bounds) -> Self {
        let policy = CommitPolicy {
            least_interval: Duration::ZERO,
            greatest_age: Duration::from_hours(1),
            records: 3,
            bytes: u64::MAX,
        };
        Self {
            lane: Protocol::new(policy),
            ended: false,
            left,
            owned: [false; TASKS],
            words: VecDeque::new(),
            offsets: [0; TASKS],
            outputs: [0; TASKS],
            open: Vec::new(),
            late: false,
            taken: None,
            jobs: Vec::new(),
            found: 0,
            fetching: [false; TASKS],
            paused: [false; TASKS],
            quarantined: [false; TASKS],
            next: [0; TASKS],
            stands: [0; TASKS],
            released: [true; TASKS],
        }
    }

    fn check(&self) {
        assert_eq!(
            self.outputs, self.offsets,
            "an offset without its outputs, or the other way round: {self:?}"
        );
        if self.ended {
            let commands = self
                .lane
                .clone()
                .step(Event::Failed(Recovery::Abort), Duration::ZERO);
            assert!(commands.is_empty(), "it ended, and goes on: {self:?}");
            assert!(self.open.is_empty(), "ended with an open transaction: {self:?}");
        }
        for (task, _) in &self.open {
            let quarantined = self.quarantined[*task];
            assert!(!quarantined, "a write of a quarantined task: {self:?}");
        }
        let between = matches!(self.lane.transaction, Transaction::Idle | Transaction::Open(_));
        assert!(self.ended || between, "neither running nor ended: {self:?}");
    }

    fn with(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut world = self.clone();
        change(&mut world);
        world
    }

    /// Every world that may come next.
    fn next(&self) -> Vec<Self> {
        let mut next = self.outside();
        if !self.ended {
            next.extend(self.lane_turns());
        }
        next
    }

    /// What others do: the group, another member, the network.
    fn outside(&self) -> Vec<Self> {
        let mut next = Vec::new();
        for task in 0..TASKS {
            if self.left.changes > 0 {
                next.push(self.with(|world| world.change_owner(task)));
            }
            if !self.owned[task] && self.left.others > 0 && self.offsets[task] < self.left.records {
                next.push(self.with(|world| {
                    world.left.others -= 1;
                    world.offsets[task] += 1;
                    world.outputs[task] += 1;
                }));
            }
        }
        if self.left.changes > 0 && self.owned.contains(&true) {
            next.push(self.with(|world| {
                world.left.changes -= 1;
                (world.owned, world.fetching) = ([false; TASKS], [false; TASKS]);
                world.words.push_back(Word::Lost);
            }));
        }
        if self.late {
            next.push(self.with(Self::late_request_arrives));
        }
        let unread = (0..self.jobs.len()).filter(|at| self.jobs[*at].2.is_none());
        next.extend(
            unread.map(|at| self.with(|world| world.jobs[at].2 = Some(world.offsets[world.jobs[at].0]))),
        );
        next
    }

    fn change_owner(&mut self, task: T) {
        self.left.changes -= 1;
        self.owned[task] = !self.owned[task];
        self.fetching[task] = false;
        self.words.push_back(if self.owned[task] {
            Word::Assigned(task)
        } else {
            Word::Revoked(task)
        });
    }

    /// It ends the transaction that is open now, whose offsets it knows nothing of.
    fn late_request_arrives(&mut self) {
        self.late = false;
        for (task, _) in &self.open {
            self.outputs[*task] += 1;
        }
    }

    /// What the lane may meet next; the shell hears the group before anything, then what it took.
    fn lane_turns(&self) -> Vec<Self> {
        let mut next = Vec::new();
        if self.left.troubles > 0 {
            let troubled = self.with(|world| world.left.troubles -= 1);
            for recovery in [Recovery::Abort, Recovery::Rebuild, Recovery::Halt] {
                next.extend(troubled.tell(Event::Failed(recovery)));
            }
        }
        if let Some(word) = self.words.front().cloned() {
            let heard = self.with(|world| {
                world.words.pop_front();
            });
            next.extend(heard.tell(match word {
                Word::Assigned(task) => Event::Assigned(vec![task]),
                Word::Revoked(task) => Event::Revoked(vec![task]),
                Word::Lost => Event::Lost,
            }));
            return next;
        }
        if let Some(task) = self.taken {
            let told = self.with(|world| world.taken = None);
            next.extend(told.tell(Event::Applied {
                tasks: vec![task],
                records: 1,
                bytes: 1,
            }));
            return next;
        }
        next.extend(self.people_and_time());
        let comes = |task: &usize| {
            self.fetching[*task] && !self.paused[*task] && self.next[*task] < self.left.records
        };
        for task in (0..TASKS).filter(comes) {
            next.push(self.with(|world| {
                world.open.push((task, world.next[task]));
                world.next[task] += 1;
                world.taken = Some(task);
            }));
        }
        let stopped = self.tell(Event::Stop);
        assert!(
            stopped.iter().all(|world| world.ended),
            "told to stop, and it did not: {self:?}"
        );
        next.extend(stopped);
        for (at, (task, attempt, found)) in self.jobs.iter().enumerate() {
            let Some(found) = *found else { continue };
            let mut world = self.clone();
            world.jobs.remove(at);
            world.found = found;
            next.extend(world.tell(Event::Restored {
                task: *task,
                attempt: *attempt,
            }));
        }
        let drained = self.tell(Event::Drained);
        assert!(
            drained.iter().all(|world| world.open.is_empty()),
            "drained, and not committed: {self:?}"
        );
        next.extend(drained);
        next
    }

    /// A task cannot go on, by itself or because its record was to blame; somebody asks for another try; a rest is over.
    fn people_and_time(&self) -> Vec<Self> {
        let mut next = Vec::new();
        let left = self.with(|world| world.left.quarantines = world.left.quarantines.saturating_sub(1));
        for task in (0..TASKS).filter(|_| self.left.quarantines > 0) {
            if self.quarantined[task] {
                next.extend(left.tell(Event::Retry(task)));
            } else {
                next.extend(left.tell(Event::Quarantine(task)));
                for world in left.tell(Event::Quarantine(task)) {
                    next.extend(world.tell(Event::Failed(Recovery::Abort)));
                }
            }
        }
        if self.lane.rests_until().is_some() {
            next.extend(self.tell(Event::Rested));
        }
        next
    }

    /// The lane is told of an event, and its shell executes what follows, in every way that it may come out.
    fn tell(&self, event: Event<T>) -> Vec<Self> {
        let mut world = self.clone();
        let commands = world.lane.step(event, Duration::ZERO);
        assert!(
            !self.ended || commands.is_empty(),
            "it ended, and goes on: {self:?}"
        );
        let mut worlds = vec![world];
        for command in commands {
            worlds = worlds
                .into_iter()
                .flat_map(|world| world.execute(&command))
                .collect();
        }
        worlds
    }

    fn execute(mut self, command: &Command<T>) -> Vec<Self> {
        match command {
            Command::Restore { tasks, attempt } => {
                self.jobs.extend(tasks.iter().map(|task| (*task, *attempt, None)));
            }
            Command::Fetch(task) => {
                (self.next[*task], self.stands[*task]) = (self.found, self.found);
                (self.fetching[*task], self.released[*task]) = (true, false);
                (self.paused[*task], self.quarantined[*task]) = (false, false);
            }
            Command::Release(tasks) => {
                for task in tasks {
                    (self.released[*task], self.quarantined[*task]) = (true, false);
                }
            }
            Command::Quarantine(task) => {
                assert!(!self.quarantined[*task], "quarantined twice: {self:?}");
                (self.fetching[*task], self.quarantined[*task]) = (false, true);
            }
            Command::Pause(task) | Command::Resume(task) => {
                assert!(!self.quarantined[*task], "nothing of it is fetched: {self:?}");
                let pause = matches!(command, Command::Pause(_));
                assert!(self.paused[*task] != pause, "paused or resumed twice: {self:?}");
                self.paused[*task] = pause;
            }
            Command::Commit => return self.commit(),
            Command::Abort => return self.abort(),
            Command::Renew => {
                self.late = false;
                return self.tell(Event::Renewed);
            }
            Command::Rebuild | Command::Halt => {
                self.ended = true;
                self.late = false;
                self.open.clear();
            }
            Command::Leave => self.ended = true,
        }
        vec![self]
    }

    fn commit(self) -> Vec<Self> {
        for (task, _) in &self.open {
            assert!(
                !self.released[*task],
                "a write of a task that was taken away: {self:?}"
            );
        }
        let mut next = Vec::new();
        let failed = |world: &Self, recovery| {
            world
                .with(|world| world.left.troubles = world.left.troubles.saturating_sub(1))
                .tell(Event::Failed(recovery))
        };
        let refused = self.open.iter().any(|(task, _)| !self.owned[*task]);
        if self.left.troubles > 0 || refused {
            for recovery in [Recovery::Abort, Recovery::Rebuild, Recovery::Halt] {
                next.extend(failed(&self, recovery));
            }
        }
        if refused {
            return next;
        }
        let done = self.clone().take_effect();
        next.extend(done.tell(Event::Committed { doubtful: false }));
        if self.left.troubles > 0 {
            // It came to pass, and the lane does not know; or knows, and a request is left behind.
            next.extend(failed(&done, Recovery::Rebuild));
            let doubtful =
                done.with(|world| (world.late, world.left.troubles) = (true, world.left.troubles - 1));
            next.extend(doubtful.tell(Event::Committed { doubtful: true }));
        }
        next
    }

    fn take_effect(mut self) -> Self {
        for (task, offset) in std::mem::take(&mut self.open) {
            assert_eq!(
                offset, self.offsets[task],
                "a record twice, or one left out: {self:?}"
            );
            self.offsets[task] += 1;
            self.outputs[task] += 1;
            self.stands[task] = self.offsets[task];
        }
        self
    }

    fn abort(self) -> Vec<Self> {
        let mut next = Vec::new();
        if self.left.troubles > 0 {
            let troubled = self.with(|world| world.left.troubles -= 1);
            next.extend(troubled.tell(Event::Failed(Recovery::Abort)));
            next.extend(troubled.tell(Event::Failed(Recovery::Rebuild)));
        }
        let back =
            self.with(|world| (world.open, world.next, world.taken) = (Vec::new(), world.stands, None));
        next.extend(back.tell(Event::Aborted { doubtful: false }));
        if self.left.troubles > 0 {
            let doubtful =
                back.with(|world| (world.late, world.left.troubles) = (true, world.left.troubles - 1));
            next.extend(doubtful.tell(Event::Aborted { doubtful: true }));
        }
        next
    }
}

/// Every world that can be reached within these bounds keeps the promises, and in some all was read.
fn search(bounds: Bounds, least: usize) {
    let mut seen = HashSet::from([World::new(bounds)]);
    let mut left = vec![World::new(bounds)];
    while let Some(world) = left.pop() {
        world.check();
        left.extend(world.next().into_iter().filter(|next| seen.insert(next.clone())));
    }
    let got_to_the_end =
        |world: &World| world.offsets == [bounds.records; TASKS] && world.left.others == bounds.others;
    assert!(
        seen.iter().any(got_to_the_end),
        "the model is too small to say anything"
    );
    assert!(seen.len() > least, "only {} states", seen.len());
}

#[test]
fn every_interleaving_keeps_the_promises() {
    let bounds = Bounds {
        records: 2,
        changes: 4,
        troubles: 2,
        others: 1,
        quarantines: 0,
    };
    search(bounds, 50_000);
}

#[test]
fn every_interleaving_with_tasks_that_cannot_go_on_keeps_the_promises() {
    let bounds = Bounds {
        records: 2,
        changes: 3,
        troubles: 1,
        others: 0,
        quarantines: 2,
    };
    search(bounds, 50_000);
}

proptest! {
    #[test]
    fn long_histories_keep_the_promises(choices in proptest::collection::vec(any::<usize>(), 1..400)) {
        let mut world = World::new(Bounds { records: 40, changes: 20, troubles: 10, others: 20, quarantines: 20 });
        for choice in choices {
            let mut next = world.next();
            if next.is_empty() {
                break;
            }
            world = next.swap_remove(choice % next.len());
            world.check();
        }
    }
}
