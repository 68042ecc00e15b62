//! Any history of arrivals, outcomes, waits and revocations against a list that is looked through from its beginning.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::time::Duration;
use topology::Topic;

const MS: fn(u64) -> Duration = Duration::from_millis;
const LIMITS: Limits = Limits {
    performing: 3,
    records: 8,
    bytes: 100,
};

const fn task(partition: i32) -> Task {
    Task {
        topic: Topic::NotificationsOutbox,
        partition,
    }
}

const fn held(partition: i32, offset: i64) -> Held {
    Held {
        task: task(partition),
        offset,
    }
}

#[derive(Debug, Clone)]
enum Step {
    Arrive {
        partition: i32,
        key: Option<u8>,
        bytes: usize,
    },
    Start,
    Settle(usize),
    Retry(usize, u64),
    Wait(u64),
    Revoke(i32),
}

fn step() -> impl Strategy<Value = Step> {
    let arrive = (0..3i32, prop::option::of(0..4u8), 0..30usize);
    prop_oneof![
        4 => arrive.prop_map(|(partition, key, bytes)| Step::Arrive { partition, key, bytes }),
        4 => Just(Step::Start),
        2 => any::<usize>().prop_map(Step::Settle),
        1 => (any::<usize>(), 0..50u64).prop_map(|(which, wait)| Step::Retry(which, wait)),
        2 => (0..40u64).prop_map(Step::Wait),
        1 => (0..3i32).prop_map(Step::Revoke),
    ]
}

/// A record as the model knows it.
#[derive(Debug, Clone, PartialEq)]
struct Known {
    held: Held,
    key: Option<u8>,
    bytes: usize,
    due: Duration,
    performing: bool,
}

/// A list of what is held, in the order of arrival.
struct Model {
    queue: Queue,
    known: Vec<Known>,
    now: Duration,
    next: i64,
    arrived: BTreeSet<Held>,
    settled: BTreeSet<Held>,
    revoked: BTreeSet<Held>,
}

impl Model {
    fn new() -> Self {
        Self {
            queue: Queue::new(LIMITS),
            known: Vec::new(),
            now: MS(1_000),
            next: 0,
            arrived: BTreeSet::new(),
            settled: BTreeSet::new(),
            revoked: BTreeSet::new(),
        }
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Arrive {
                partition,
                key,
                bytes,
            } => self.arrive(*partition, *key, *bytes),
            Step::Start => self.start(),
            Step::Settle(which) => self.settle(*which),
            Step::Retry(which, wait) => self.retry(*which, *wait),
            Step::Wait(wait) => self.now += MS(*wait),
            Step::Revoke(partition) => self.revoke(*partition),
        }
        self.check();
    }

    fn arrive(&mut self, partition: i32, key: Option<u8>, bytes: usize) {
        let held = held(partition, self.next);
        self.next += 1;
        let (due, performing) = (self.now, false);
        self.queue.arrive(
            held,
            key.map(|key| [key]).as_ref().map(|key| &key[..]),
            Part::default(),
            bytes,
            due,
        );
        self.arrived.insert(held);
        self.known.push(Known {
            held,
            key,
            bytes,
            due,
            performing,
        });
    }

    /// Whether nothing older of its key is held.
    fn is_first(&self, known: &Known) -> bool {
        let same = |other: &&Known| other.held.task == known.held.task && other.key == known.key;
        known.key.is_none() || self.known.iter().find(same) == Some(known)
    }

    fn could_start(&self) -> Vec<Held> {
        let waits = |known: &&Known| !known.performing && known.due <= self.now && self.is_first(known);
        self.known.iter().filter(waits).map(|known| known.held).collect()
    }

    fn performing(&self) -> Vec<Held> {
        let performing = self.known.iter().filter(|known| known.performing);
        performing.map(|known| known.held).collect()
    }

    fn start(&mut self) {
        let could = self.could_start();
        let started = self.queue.start(self.now).map(|started| started.held);
        let has_room = self.performing().len() < LIMITS.performing;
        assert_eq!(started.is_some(), has_room && !could.is_empty(), "{could:?}");
        if let Some(started) = started {
            assert!(could.contains(&started), "{started:?} is not its key's turn");
            let known = self.known.iter_mut().find(|known| known.held == started).unwrap();
            known.performing = true;
        }
    }

    fn settle(&mut self, which: usize) {
        let performing = self.performing();
        if performing.is_empty() {
            return;
        }
        let held = performing[which % performing.len()];
        self.queue.settle(held);
        assert!(self.settled.insert(held), "{held:?} is settled twice");
        self.known.retain(|known| known.held != held);
    }

    fn retry(&mut self, which: usize, wait: u64) {
        let performing = self.performing();
        if performing.is_empty() {
            return;
        }
        let held = performing[which % performing.len()];
        let due = self.now + MS(wait);
        self.queue.retry(held, due);
        let known = self.known.iter_mut().find(|known| known.held == held).unwrap();
        (known.performing, known.due) = (false, due);
    }

    fn revoke(&mut self, partition: i32) {
        self.queue.drop_task(task(partition));
        let revoked = self
            .known
            .extract_if(.., |known| known.held.task == task(partition));
        self.revoked.extend(revoked.map(|known| known.held));
    }

    fn check(&self) {
        assert_eq!(self.queue.performing(), self.performing().len());
        for partition in 0..3 {
            let full = self.queue.full().any(|full| full == task(partition));
            let own = || {
                self.known
                    .iter()
                    .filter(|known| known.held.task == task(partition))
            };
            let (records, bytes) = (own().count(), own().map(|known| known.bytes).sum::<usize>());
            if records >= LIMITS.records || bytes >= LIMITS.bytes {
                assert!(full, "{records} records, {bytes} bytes");
            }
            if records * 2 < LIMITS.records && bytes * 2 < LIMITS.bytes {
                assert!(!full, "{records} records, {bytes} bytes");
            }
        }
    }

    /// Goes on until nothing is held.
    fn drain(&mut self) {
        while !self.known.is_empty() {
            self.now += MS(50);
            self.take(&Step::Start);
            self.take(&Step::Settle(0));
        }
        assert_eq!(self.queue.start(self.now + MS(1_000)), None);
    }
}

proptest! {
    #[test]
    fn every_record_is_settled_once_in_its_keys_turn_and_never_more_than_allowed_at_once(
        steps in prop::collection::vec(step(), 0..200),
    ) {
        let mut model = Model::new();
        for step in &steps {
            model.take(step);
        }
        model.drain();
        let ended: BTreeSet<Held> = model.settled.union(&model.revoked).copied().collect();
        prop_assert_eq!(&ended, &model.arrived);
        prop_assert!(model.settled.is_disjoint(&model.revoked));
    }
}

fn start(queue: &mut Queue, now: Moment) -> Option<Held> {
    queue.start(now).map(|started| started.held)
}

#[test]
fn a_slow_key_holds_back_only_itself() {
    let mut queue = Queue::new(LIMITS);
    for (offset, key) in [(0, b"slow"), (1, b"slow"), (2, b"fast"), (3, b"fast")] {
        queue.arrive(held(0, offset), Some(key), Part::default(), 1, MS(0));
    }
    assert_eq!(start(&mut queue, MS(0)), Some(held(0, 0)));
    assert_eq!(start(&mut queue, MS(0)), Some(held(0, 2)));
    assert_eq!(start(&mut queue, MS(0)), None);
    queue.settle(held(0, 2));
    assert_eq!(start(&mut queue, MS(0)), Some(held(0, 3)));
    queue.retry(held(0, 0), MS(500));
    assert_eq!(start(&mut queue, MS(499)), None);
    assert_eq!(start(&mut queue, MS(500)), Some(held(0, 0)));
}

#[test]
fn a_task_with_much_to_do_does_not_starve_the_others() {
    let mut queue = Queue::new(Limits {
        performing: 1,
        ..LIMITS
    });
    for offset in 0..6 {
        queue.arrive(held(0, offset), None, Part::default(), 1, MS(0));
    }
    queue.arrive(held(1, 0), None, Part::default(), 1, MS(1));
    let served = std::iter::from_fn(|| {
        let started = queue.start(MS(9))?.held;
        queue.settle(started);
        Some(started.task.partition)
    });
    assert_eq!(served.take(3).collect::<Vec<_>>(), [0, 1, 0]);
}

#[test]
fn what_is_said_of_a_dropped_record_is_not_heard() {
    let mut queue = Queue::new(LIMITS);
    queue.arrive(held(0, 0), None, Part::default(), 1, MS(0));
    queue.arrive(held(1, 0), None, Part::default(), 1, MS(0));
    assert!(queue.start(MS(0)).is_some() && queue.start(MS(0)).is_some());
    queue.drop_task(task(0));
    queue.settle(held(0, 0));
    queue.retry(held(0, 0), MS(1));
    assert_eq!(queue.performing(), 1);
    queue.clear();
    assert_eq!((queue.performing(), queue.start(MS(9))), (0, None));
}

#[test]
fn a_record_that_stands_makes_way_for_a_newer_one_of_its_key() {
    let mut queue = Queue::new(LIMITS);
    let key = Some(&b"news"[..]);
    queue.arrive(held(0, 1), key, Part::default(), 1, MS(0));
    let started = queue.start(MS(0)).unwrap();
    queue.again(started.held, MS(1_000));
    assert_eq!(queue.start(MS(10)), None);
    assert_eq!(queue.held_since(task(0), None), 0, "it is settled");
    queue.arrive(held(0, 2), key, Part::default(), 1, MS(20));
    let again = queue.start(MS(20)).unwrap();
    assert_eq!((again.held, queue.is_followed(again.held)), (held(0, 1), true));
    queue.settle(again.held);
    assert_eq!(queue.start(MS(20)).map(|started| started.held), Some(held(0, 2)));
}

#[test]
fn what_waits_for_another_try_does_not_make_way() {
    let mut queue = Queue::new(LIMITS);
    let key = Some(&b"ops"[..]);
    queue.arrive(held(0, 1), key, Part::default(), 1, MS(0));
    let started = queue.start(MS(0)).unwrap();
    queue.retry(started.held, MS(1_000));
    queue.arrive(held(0, 2), key, Part::default(), 1, MS(20));
    assert_eq!(queue.start(MS(20)), None);
}
