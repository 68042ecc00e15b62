//! A map that is bounded by time and by number: each owner keeps so many keys, so that none pushes out another's.

use super::format::Format;
use super::{AnyStore, Change, Store, StoreError, StoreKey, StoreValue};
use model::Millis;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Entries whose time is over are looked for so often, in stream time: they may be kept that much longer.
const LOOK: Millis = 60 * 1000;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Entry<V> {
    owner: String,
    until: Millis,
    value: V,
}

/// The keys of each owner, those that end first before the others.
type Owners = BTreeMap<String, BTreeSet<(Millis, String)>>;

/// Keys and values of owners. An entry ends a time after its last write, by the stream's time; of an owner who has too
/// many, that which would end first.
#[derive(Debug)]
pub struct Bounded<V> {
    entries: Store<String, Entry<V>>,
    ttl: Millis,
    most: usize,
    now: Millis,
    /// What `now` was when the last transaction committed, and when entries whose time was over were last removed.
    committed: Millis,
    looked: Millis,
    /// Whether some of them are left to the next transaction.
    left: bool,
    /// What `now` was at the savepoint.
    savepoint: Millis,
    /// What is committed.
    owners: Owners,
}

impl<V: StoreValue> Bounded<V> {
    /// An empty store of this name, whose entries live this many milliseconds, at most so many an owner.
    pub fn new(name: &'static str, ttl: Millis, most: usize) -> Self {
        Self {
            entries: Store::new(name),
            ttl,
            most,
            now: 0,
            committed: 0,
            looked: Millis::MIN,
            left: false,
            savepoint: 0,
            owners: BTreeMap::new(),
        }
    }

    /// The same store, whose values have this format.
    #[must_use]
    pub fn with_format(mut self, format: Format) -> Self {
        self.entries = self.entries.with_format(format);
        self
    }

    /// Sets how long entries live that are written from now on, and how many an owner has at most.
    pub fn set_bounds(&mut self, ttl: Millis, most: usize) {
        (self.ttl, self.most) = (ttl, most);
    }

    /// The value of a key, unless its time is over.
    pub fn get(&self, key: &String) -> Option<&V> {
        let entry = self.entries.get(key).filter(|entry| entry.until > self.now);
        entry.map(|entry| &entry.value)
    }

    /// Sets the value of a key of this owner; it lives from now on.
    pub fn put(&mut self, owner: &str, key: String, value: V) {
        let entry = Entry {
            owner: owner.to_owned(),
            until: self.now.saturating_add(self.ttl),
            value,
        };
        self.entries.put(key, entry);
    }

    /// Every key with its value, in no order, also those whose time is over and that are not removed yet.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &V)> {
        self.entries.iter().map(|(key, entry)| (key, &entry.value))
    }

    /// Removes what is too many, of the owners to whom something was written.
    fn make_room(&mut self) {
        let mut written = Owners::new();
        let mut touched = HashSet::new();
        for (key, entry) in self.entries.written() {
            touched.insert(key.clone());
            if let Some(entry) = entry {
                let of_owner = written.entry(entry.owner.clone()).or_default();
                of_owner.insert((entry.until, key.clone()));
            }
        }
        for (owner, written) in written {
            let kept = self.owners.get(&owner).into_iter().flatten();
            let kept: Vec<_> = kept.filter(|(_, key)| !touched.contains(key)).collect();
            let too_many = (kept.len() + written.len()).saturating_sub(self.most);
            let each = kept.into_iter().chain(&written).map(|(_, key)| key.clone());
            let gone: Vec<_> = each.take(too_many).collect();
            for key in gone {
                self.entries.delete(key);
            }
        }
    }
}

fn forget<V>(owners: &mut Owners, key: &str, entry: &Entry<V>) {
    if let Some(keys) = owners.get_mut(&entry.owner) {
        keys.remove(&(entry.until, key.to_owned()));
        if keys.is_empty() {
            owners.remove(&entry.owner);
        }
    }
}

fn remember<V>(owners: &mut Owners, key: &str, entry: &Entry<V>) {
    let keys = owners.entry(entry.owner.clone()).or_default();
    keys.insert((entry.until, key.to_owned()));
}

impl<V: StoreValue> AnyStore for Bounded<V> {
    fn name(&self) -> &'static str {
        self.entries.name()
    }

    fn restore(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<(), StoreError> {
        let name = String::from_bytes(key);
        if let Some(name) = &name
            && let Some(old) = self.entries.get(name)
        {
            forget(&mut self.owners, name, old);
        }
        self.entries.restore(key, value)?;
        if let Some(name) = &name
            && let Some(new) = self.entries.get(name)
        {
            remember(&mut self.owners, name, new);
        }
        Ok(())
    }

    /// Removes what is over; written again since, it is not.
    fn expire(&mut self, most: usize) {
        self.left = false;
        if self.now.saturating_sub(self.looked) < LOOK {
            return;
        }
        let due = |keys: &BTreeSet<(Millis, String)>| {
            let due = keys.iter().take_while(|(until, _)| *until <= self.now);
            due.map(|(_, key)| key.clone()).collect::<Vec<_>>()
        };
        let most = most.saturating_add(2 * self.entries.written().count());
        let due: Vec<_> = self.owners.values().flat_map(due).take(most).collect();
        self.left = due.len() == most;
        for key in due {
            if self
                .entries
                .get(&key)
                .is_some_and(|entry| entry.until <= self.now)
            {
                self.entries.delete(key);
            }
        }
    }

    fn changes(&mut self, show: &mut dyn FnMut(Change<'_>)) -> Result<(), StoreError> {
        self.make_room();
        self.entries.changes(show)
    }

    fn commit(&mut self) {
        for (key, written) in self.entries.written() {
            if let Some(old) = self.entries.committed(key) {
                forget(&mut self.owners, key, old);
            }
            if let Some(new) = written {
                remember(&mut self.owners, key, new);
            }
        }
        self.entries.commit();
        self.committed = self.now;
        if self.now.saturating_sub(self.looked) >= LOOK && !self.left {
            self.looked = self.now;
        }
    }

    fn abort(&mut self) {
        self.now = self.committed;
        self.entries.abort();
    }

    fn savepoint(&mut self) {
        self.entries.savepoint();
        self.savepoint = self.now;
    }

    fn rollback(&mut self) {
        self.entries.rollback();
        self.now = self.savepoint;
    }

    fn changes_since_savepoint(&mut self, show: &mut dyn FnMut(Change<'_>)) -> Result<(), StoreError> {
        self.entries.changes_since_savepoint(show)
    }

    fn len(&self) -> usize {
        self.entries.len()
    }

    fn advance(&mut self, now: Millis) {
        self.now = self.now.max(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Millis = 24 * 60 * LOOK;

    fn store() -> Bounded<u32> {
        Bounded::new("known", 30 * DAY, 3)
    }

    /// Commits as the runtime does; gives the keys that were written, and those that became tombstones.
    fn commit(store: &mut Bounded<u32>) -> (Vec<String>, Vec<String>) {
        let (mut written, mut gone) = (Vec::new(), Vec::new());
        let mut show = |(key, value): Change<'_>| {
            let key = String::from_utf8(key.to_vec()).unwrap();
            if value.is_some() { &mut written } else { &mut gone }.push(key);
        };
        store.expire(2);
        store.changes(&mut show).unwrap();
        store.commit();
        written.sort();
        gone.sort();
        (written, gone)
    }

    fn keys(store: &Bounded<u32>) -> Vec<&str> {
        let mut keys: Vec<_> = store.iter().map(|(key, _)| key.as_str()).collect();
        keys.sort_unstable();
        keys
    }

    fn put(store: &mut Bounded<u32>, owner: &str, key: &str, day: Millis) {
        store.advance(day * DAY);
        store.put(owner, key.to_owned(), 1);
    }

    #[test]
    fn one_owner_pushes_out_only_its_own_and_the_oldest_first() {
        let mut store = store();
        put(&mut store, "quiet", "q1", 1);
        for (day, key) in (1..).zip(["a1", "a2", "a3"]) {
            put(&mut store, "loud", key, day);
            commit(&mut store);
        }
        put(&mut store, "loud", "a1", 4);
        put(&mut store, "loud", "a4", 4);
        let (written, gone) = commit(&mut store);
        assert_eq!(
            (written, gone),
            (vec!["a1".into(), "a4".into()], vec!["a2".into()])
        );
        assert_eq!(keys(&store), ["a1", "a3", "a4", "q1"]);
    }

    #[test]
    fn a_transaction_that_writes_too_many_keeps_as_many_as_may_be() {
        let mut store = store();
        for n in 0..10 {
            put(&mut store, "loud", &format!("a{n}"), 1);
        }
        assert_eq!(commit(&mut store).0.len(), 3);
        assert_eq!(store.len(), 3);
    }

    #[test]
    fn what_is_over_goes_and_what_was_written_again_stays() {
        let mut store = store();
        put(&mut store, "a", "once", 1);
        put(&mut store, "a", "again", 1);
        commit(&mut store);
        put(&mut store, "a", "again", 20);
        commit(&mut store);
        store.advance(31 * DAY);
        assert_eq!(store.get(&"once".to_owned()), None, "before it is removed");
        assert_eq!(commit(&mut store).1, ["once"]);
        assert_eq!(keys(&store), ["again"]);
        store.advance(50 * DAY);
        assert_eq!(commit(&mut store).1, ["again"]);
        assert!(store.is_empty() && store.owners.is_empty());
    }

    #[test]
    fn one_transaction_removes_few_and_the_next_ones_the_rest() {
        let mut store = Bounded::new("known", DAY, 10);
        for n in 0..5 {
            put(&mut store, if n < 3 { "a" } else { "b" }, &format!("k{n}"), 1);
        }
        commit(&mut store);
        store.advance(3 * DAY);
        let gone = [(); 4].map(|()| commit(&mut store).1.len());
        assert_eq!(gone, [2, 2, 1, 0]);
        assert!(store.is_empty() && store.owners.is_empty());
    }

    #[test]
    fn an_abort_leaves_all_as_it_was() {
        let mut store = store();
        for key in ["a1", "a2", "a3"] {
            put(&mut store, "a", key, 1);
        }
        commit(&mut store);
        put(&mut store, "a", "a4", 40);
        store.changes(&mut |_| {}).unwrap();
        store.abort();
        assert_eq!(keys(&store), ["a1", "a2", "a3"]);
        assert!(store.get(&"a1".to_owned()).is_some(), "time went back too");
        put(&mut store, "a", "a4", 2);
        assert_eq!(commit(&mut store).1, ["a1"]);
    }

    #[test]
    fn what_is_taken_back_was_never_there() {
        let mut store = store();
        put(&mut store, "a", "a1", 1);
        store.savepoint();
        put(&mut store, "a", "a1", 40);
        put(&mut store, "a", "a2", 40);
        store.rollback();
        assert_eq!(commit(&mut store).0, ["a1"]);
        assert!(
            store.get(&"a1".to_owned()).is_some(),
            "of the first day, and it is that"
        );
    }

    #[test]
    fn what_is_restored_is_bounded_as_before() {
        let (mut store, mut copy) = (store(), store());
        for (day, key) in (1..).zip(["a1", "a2", "a3", "a1"]) {
            put(&mut store, "a", key, day);
            store
                .changes(&mut |(key, value)| copy.restore(key, value).unwrap())
                .unwrap();
            store.commit();
        }
        assert_eq!(keys(&copy), ["a1", "a2", "a3"]);
        put(&mut copy, "a", "a4", 5);
        assert_eq!(commit(&mut copy).1, ["a2"]);
        copy.restore(b"a3", None).unwrap();
        copy.advance(60 * DAY);
        assert_eq!(commit(&mut copy).1, ["a1", "a4"]);
        assert!(copy.owners.is_empty());
    }
}
