//! The outside world of these tests: it does what a notification's id says, and remembers what it was asked.

use crate::watcher::PATIENCE;
use model::{Notification, Receipt};
use stage::{AnyStore, Attempt, Cause, Cx, Effect, Emit, IdempotencyKey, Outcome, Poison, Store, Stores};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::{Condvar, Mutex};
use std::time::Duration;
use tokio::sync::Semaphore;

/// How long it makes a record wait before the next attempt.
const PAUSE: Duration = Duration::from_millis(40);

/// The store of [`Done`].
pub(crate) const DONE: &str = "done";

/// What an id asks for.
enum Wish {
    /// `stuck-…`: no answer before [`World::let_go`].
    Stuck,
    /// `again<N>-…`: done at the N-th attempt.
    Again(u32),
    /// `poison-…`: never.
    Poison,
    /// `late<N>-…`: done after N milliseconds.
    Late(u64),
    /// Anything else: done at once.
    AtOnce,
}

impl Wish {
    fn of(id: &str) -> Self {
        let what = id.split('-').next().unwrap_or_default();
        let number = |prefix| {
            what.strip_prefix(prefix)
                .and_then(|number: &str| number.parse().ok())
        };
        match what {
            "stuck" => Self::Stuck,
            "poison" => Self::Poison,
            _ => match (number("again"), number("late")) {
                (Some(attempts), _) => Self::Again(u32::try_from(attempts).unwrap()),
                (_, Some(ms)) => Self::Late(ms),
                _ => Self::AtOnce,
            },
        }
    }
}

/// One attempt, as the outside world saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) id: String,
    pub(crate) key: String,
    pub(crate) attempt: u32,
}

#[derive(Default)]
struct Seen {
    asked: Vec<Asked>,
    /// Ids in the order in which they were done, by the key of their records.
    done: BTreeMap<String, Vec<String>>,
    now: HashSet<String>,
    most: usize,
    overlaps: usize,
}

/// See the module.
pub(crate) struct World {
    seen: Mutex<Seen>,
    changed: Condvar,
    gate: Semaphore,
    /// Told of every attempt as it begins.
    tell: fn(&Asked),
}

impl World {
    pub(crate) fn new() -> Self {
        Self::telling(|_| {})
    }

    pub(crate) fn telling(tell: fn(&Asked)) -> Self {
        Self {
            seen: Mutex::default(),
            changed: Condvar::new(),
            gate: Semaphore::new(0),
            tell,
        }
    }

    /// Whatever is stuck is done.
    pub(crate) fn let_go(&self) {
        self.gate.close();
    }

    /// The attempts so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.seen.lock().unwrap().asked.clone()
    }

    /// The attempts of one id so far.
    pub(crate) fn attempts(&self, id: &str) -> Vec<u32> {
        let asked = self.asked().into_iter().filter(|asked| asked.id == id);
        asked.map(|asked| asked.attempt).collect()
    }

    /// What was done, by key, in its order.
    pub(crate) fn done(&self) -> BTreeMap<String, Vec<String>> {
        self.seen.lock().unwrap().done.clone()
    }

    /// How many keys were performed at once at most, and how often two records of one key were.
    pub(crate) fn at_once(&self) -> (usize, usize) {
        let seen = self.seen.lock().unwrap();
        (seen.most, seen.overlaps)
    }

    /// Waits until so many attempts have begun.
    pub(crate) fn wait_for(&self, attempts: usize) {
        let seen = self.seen.lock().unwrap();
        let waited = self
            .changed
            .wait_timeout_while(seen, PATIENCE, |seen| seen.asked.len() < attempts);
        assert!(
            !waited.unwrap().1.timed_out(),
            "no {attempts} attempts within {PATIENCE:?}"
        );
    }

    /// An attempt begins; it is over when the guard is dropped, also where it is given up.
    fn begin<'a>(&'a self, input: &Notification, key: &IdempotencyKey, attempt: Attempt) -> UnderWay<'a> {
        let asked = Asked {
            id: input.id.clone(),
            key: key.to_string(),
            attempt: attempt.number,
        };
        (self.tell)(&asked);
        let mut seen = self.seen.lock().unwrap();
        seen.asked.push(asked);
        let alone = seen.now.insert(input.group.clone());
        seen.overlaps += usize::from(!alone);
        seen.most = seen.most.max(seen.now.len());
        self.changed.notify_all();
        UnderWay {
            world: self,
            group: input.group.clone(),
        }
    }
}

struct UnderWay<'a> {
    world: &'a World,
    group: String,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.world.seen.lock().unwrap().now.remove(&self.group);
    }
}

impl Effect for World {
    type In = Notification;
    type Out = Receipt;
    type Stores = Done;
    /// A group, and how many of it were done.
    type Memory = (String, u32);

    fn idempotency_key(&self, input: &Notification) -> IdempotencyKey {
        IdempotencyKey::new(format!("key of {}", input.id))
    }

    fn recall(&self, input: &Notification, stores: &Done) -> Option<(String, u32)> {
        let done = stores.0.get(&input.group)?;
        Some((input.group.clone(), *done))
    }

    fn remember(&self, (group, done): (String, u32), stores: &mut Done) {
        stores.0.put(group, done);
    }

    async fn perform(
        &self,
        input: &Notification,
        key: &IdempotencyKey,
        attempt: Attempt,
        memory: Option<(String, u32)>,
        _: &Cx<'_>,
    ) -> Outcome<Receipt, (String, u32)> {
        let _under_way = self.begin(input, key, attempt);
        match Wish::of(&input.id) {
            Wish::Stuck => {
                let _closed = self.gate.acquire().await;
            }
            Wish::Again(number) if attempt.number < number => {
                return Outcome::Retry {
                    after: PAUSE,
                    why: "as it was asked".to_owned(),
                    cause: Cause::Record,
                };
            }
            Wish::Poison => return Outcome::Poison(Poison::ours("as_asked", "as it was asked")),
            Wish::Late(ms) => tokio::time::sleep(Duration::from_millis(ms)).await,
            Wish::Again(_) | Wish::AtOnce => {}
        }
        let mut seen = self.seen.lock().unwrap();
        let done = seen.done.entry(input.group.clone()).or_default();
        done.push(input.id.clone());
        let before = memory.map_or(0, |(_, done)| done);
        let receipt = Receipt {
            notification_id: input.id.clone(),
            attempts: i32::try_from(attempt.number).unwrap(),
            detail: before.to_string(),
            ..Receipt::default()
        };
        Outcome::Learned(Emit::One(receipt), (input.group.clone(), before + 1))
    }
}

/// How many were done of each group, as the stage keeps it.
pub(crate) struct Done(Store<String, u32>);

impl Default for Done {
    fn default() -> Self {
        Self(Store::new(DONE))
    }
}

impl Stores for Done {
    fn each(&mut self, visit: &mut dyn FnMut(&mut dyn AnyStore)) {
        visit(&mut self.0);
    }
}

/// The distinct ids of receipts; fails where one has two, or where the stage forgot or dreamt up one that was done
/// before it: whatever happens to transactions, what is kept is what was written.
pub(crate) fn once_each(receipts: &[Receipt]) -> BTreeSet<&str> {
    let (mut ids, mut groups) = (BTreeSet::new(), BTreeMap::<_, BTreeSet<usize>>::new());
    for receipt in receipts {
        let id = receipt.notification_id.as_str();
        assert!(ids.insert(id), "{id} has two receipts");
        let numbers = groups.entry(id.rsplit('/').next()).or_default();
        assert!(numbers.insert(receipt.detail.parse().unwrap()), "{receipt:?}");
    }
    for (group, numbers) in groups {
        assert_eq!(numbers, (0..numbers.len()).collect(), "{group:?}");
    }
    ids
}
