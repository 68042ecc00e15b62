//! However much is over at once, one transaction makes few tombstones of it, and none is forgotten: over any order of
//! writes, transactions, aborts and restarts, compared with a plain map.
#![expect(clippy::unwrap_used, reason = "a failing test says enough")]

use proptest::prelude::*;
use stage::{AnyStore, Expiring};
use std::collections::BTreeMap;

const HOUR: i64 = 60 * 60 * 1000;
const LIFE: i64 = 3 * HOUR;
/// Keys of a transaction.
const MOST: usize = 4;

#[derive(Debug, Clone)]
enum Step {
    Write(u8),
    Pass(i64),
    Commit,
    Abort,
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0_u8..40).prop_map(Step::Write),
        2 => (0..2 * HOUR).prop_map(Step::Pass),
        3 => Just(Step::Commit),
        1 => Just(Step::Abort),
        1 => Just(Step::Restart),
    ]
}

type Log = Vec<(Vec<u8>, Option<Vec<u8>>)>;

/// A store beside what it should hold: until when each key lives.
struct Pair {
    store: Expiring<String, u8>,
    now: i64,
    committed: (BTreeMap<u8, i64>, i64),
    open: BTreeMap<u8, i64>,
    /// Keys that the open transaction brought.
    new: usize,
    log: Log,
}

fn empty() -> Expiring<String, u8> {
    Expiring::new("windows", LIFE)
}

impl Pair {
    fn new() -> Self {
        Self {
            store: empty(),
            now: 0,
            committed: (BTreeMap::new(), 0),
            open: BTreeMap::new(),
            new: 0,
            log: Log::new(),
        }
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Write(key) => {
                self.store.put(key.to_string(), *key);
                self.new += 1;
                self.open.insert(*key, self.now + LIFE);
            }
            Step::Pass(time) => {
                self.now += time;
                self.store.advance(self.now);
            }
            Step::Commit => {
                self.commit();
            }
            Step::Abort => {
                self.store.abort();
                (self.open, self.now) = self.committed.clone();
                self.new = 0;
                self.store.advance(self.now);
            }
            Step::Restart => self.restart(),
        }
    }

    /// How many tombstones it brought.
    fn commit(&mut self) -> usize {
        let (mut tombstones, log) = (0, &mut self.log);
        self.store.expire(MOST);
        self.store
            .changes(&mut |(key, value)| {
                tombstones += usize::from(value.is_none());
                log.push((key.to_vec(), value.map(<[u8]>::to_vec)));
            })
            .unwrap();
        self.store.commit();
        assert!(
            tombstones <= MOST + 2 * self.new,
            "{tombstones} with {} new keys",
            self.new
        );
        self.committed = (self.open.clone(), self.now);
        self.new = 0;
        tombstones
    }

    /// Only the changelog is left; time is told by the next record.
    fn restart(&mut self) {
        self.store = empty();
        for (key, value) in &self.log {
            self.store.restore(key, value.as_deref()).unwrap();
        }
        (self.open, self.now) = self.committed.clone();
        self.new = 0;
        self.store.advance(self.now);
    }

    fn compare(&self) {
        for key in 0..40 {
            let lives = self.open.get(&key).is_some_and(|until| *until > self.now);
            assert_eq!(self.store.get(&key.to_string()).is_some(), lives, "{key}");
        }
    }

    /// Keys whose newest record in the changelog is no tombstone.
    fn left(&self) -> usize {
        let newest: BTreeMap<_, _> = self
            .log
            .iter()
            .map(|(key, value)| (key, value.is_some()))
            .collect();
        newest.values().filter(|there| **there).count()
    }
}

proptest! {
    #[test]
    fn expiry_is_bounded_and_forgets_nothing(steps in prop::collection::vec(step(), 0..200)) {
        let mut pair = Pair::new();
        for step in &steps {
            pair.take(step);
            pair.compare();
        }
        pair.take(&Step::Commit);
        pair.take(&Step::Pass(LIFE + 2 * HOUR));
        // Restarts between the transactions that the rest takes.
        while pair.commit() > 0 {
            pair.restart();
        }
        prop_assert_eq!((pair.left(), pair.store.len()), (0, 0));
    }
}
