//! A map whose entries end by themselves, so that memory and changelog stay bounded.

use super::format::Format;
use super::{AnyStore, Change, Store, StoreError, StoreKey, StoreValue};
use model::Millis;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Entries are removed in groups of this span, so an entry lives up to this much longer than its time.
const SPAN: Millis = 60 * 60 * 1000;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Entry<V> {
    until: Millis,
    value: V,
}

/// Keys and values that live for a time after their last write, by the stream's time (the records' times in Kafka).
#[derive(Debug)]
pub struct Expiring<K, V> {
    entries: Store<K, Entry<V>>,
    ttl: Millis,
    now: Millis,
    /// What `now` was when the last transaction committed.
    committed: Millis,
    due: BTreeMap<Millis, Vec<K>>,
    added: Vec<(Millis, K)>,
    taken: Vec<(Millis, K)>,
    savepoint: Savepoint,
}

/// How the store stood at the savepoint, beside its entries.
#[derive(Debug, Default)]
struct Savepoint {
    now: Millis,
    added: usize,
}

impl<K: StoreKey, V: StoreValue> Expiring<K, V> {
    /// An empty store of this name whose entries live this many milliseconds.
    pub fn new(name: &'static str, ttl: Millis) -> Self {
        Self {
            entries: Store::new(name),
            ttl,
            now: 0,
            committed: 0,
            due: BTreeMap::new(),
            added: Vec::new(),
            taken: Vec::new(),
            savepoint: Savepoint::default(),
        }
    }

    /// The same store, whose values have this format.
    #[must_use]
    pub fn with_format(mut self, format: Format) -> Self {
        self.entries = self.entries.with_format(format);
        self
    }

    /// Sets how long entries live that are written from now on.
    pub fn set_ttl(&mut self, ttl: Millis) {
        self.ttl = ttl;
    }

    /// The value of a key, unless its time is over.
    pub fn get(&self, key: &K) -> Option<&V> {
        self.entries
            .get(key)
            .filter(|entry| entry.until > self.now)
            .map(|entry| &entry.value)
    }

    /// Sets the value of a key; it lives from now on.
    pub fn put(&mut self, key: K, value: V) {
        let until = self.now.saturating_add(self.ttl);
        // A key that is there is due already; when its turn comes, its later time is seen.
        if self.entries.get(&key).is_none() {
            self.added.push((until, key.clone()));
        }
        self.entries.put(key, Entry { until, value });
    }

    /// Removes a key.
    pub fn delete(&mut self, key: K) {
        self.entries.delete(key);
    }

    fn remember(&mut self, until: Millis, key: K) {
        self.due.entry(until.div_euclid(SPAN)).or_default().push(key);
    }

    /// A key whose span was over before the one that is present, and when its time is over. Keys that are gone already,
    /// as those are whose tombstones a restore has read, are passed over.
    fn next_due(&mut self, present: Millis) -> Option<(Millis, K, Millis)> {
        loop {
            let mut first = self.due.first_entry().filter(|first| *first.key() < present)?;
            let Some(key) = first.get_mut().pop() else {
                first.remove();
                continue;
            };
            let span = *first.key();
            if let Some(until) = self.entries.get(&key).map(|entry| entry.until) {
                return Some((span, key, until));
            }
        }
    }
}

impl<K: StoreKey> Expiring<K, ()> {
    /// Remembers a key; `false` when it was known already. What is known keeps its time: the first sight counts.
    pub fn insert(&mut self, key: K) -> bool {
        let new = self.get(&key).is_none();
        if new {
            self.put(key, ());
        }
        new
    }
}

impl<K: StoreKey, V: StoreValue> AnyStore for Expiring<K, V> {
    fn name(&self) -> &'static str {
        self.entries.name()
    }

    fn restore(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<(), StoreError> {
        let known = self.len();
        self.entries.restore(key, value)?;
        if self.len() > known
            && let Some(key) = K::from_bytes(key)
            && let Some(until) = self.entries.get(&key).map(|entry| entry.until)
        {
            self.remember(until, key);
        }
        Ok(())
    }

    /// Entries of whole spans that are over become tombstones; those written again since wait for their new time. As
    /// many keys as were added are looked at on top, so that expiry falls behind no rate of new keys.
    fn expire(&mut self, most: usize) {
        let present = self.now.div_euclid(SPAN);
        for _ in 0..most.saturating_add(2 * self.added.len()) {
            let Some((span, key, until)) = self.next_due(present) else {
                return;
            };
            if until > self.now {
                self.remember(until, key);
            } else {
                self.entries.delete(key.clone());
                self.taken.push((span, key));
            }
        }
    }

    fn changes(&mut self, show: &mut dyn FnMut(Change<'_>)) -> Result<(), StoreError> {
        self.entries.changes(show)
    }

    fn commit(&mut self) {
        self.entries.commit();
        self.committed = self.now;
        self.taken.clear();
        for (until, key) in std::mem::take(&mut self.added) {
            self.remember(until, key);
        }
    }

    /// A key whose tombstone is dropped is due again, and the records come again in their own time.
    fn abort(&mut self) {
        self.now = self.committed;
        self.added.clear();
        self.entries.abort();
        for (span, key) in std::mem::take(&mut self.taken) {
            self.due.entry(span).or_default().push(key);
        }
    }

    fn savepoint(&mut self) {
        self.entries.savepoint();
        self.savepoint = Savepoint {
            now: self.now,
            added: self.added.len(),
        };
    }

    /// Time goes back too: a record that was not taken does not say what time it is.
    fn rollback(&mut self) {
        self.entries.rollback();
        self.now = self.savepoint.now;
        self.added.truncate(self.savepoint.added);
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

    const DAY: Millis = 24 * SPAN;

    fn tombstones(store: &mut Expiring<String, ()>) -> Vec<Vec<u8>> {
        let mut keys = Vec::new();
        store.expire(usize::MAX);
        let mut show = |(key, value): Change<'_>| {
            if value.is_none() {
                keys.push(key.to_vec());
            }
        };
        store.changes(&mut show).unwrap();
        keys
    }

    #[test]
    fn the_first_sight_counts() {
        let mut seen = Expiring::new("seen", 14 * DAY);
        seen.advance(DAY);
        assert!(seen.insert("a".to_owned()));
        seen.advance(15 * DAY - 1);
        assert!(!seen.insert("a".to_owned()));
        seen.advance(15 * DAY);
        assert!(
            seen.insert("a".to_owned()),
            "14 days after the first sight it is new again"
        );
    }

    #[test]
    fn a_record_that_comes_again_after_an_abort_lives_from_its_own_time_on() {
        let mut seen = Expiring::new("seen", DAY);
        seen.advance(DAY);
        seen.insert("a".to_owned());
        seen.advance(2 * DAY);
        seen.abort();
        seen.advance(DAY);
        seen.insert("a".to_owned());
        seen.commit();
        seen.advance(2 * DAY);
        assert_eq!(seen.get(&"a".to_owned()), None);
    }

    #[test]
    fn a_rollback_takes_keys_and_time_back() {
        let mut seen = Expiring::new("seen", DAY);
        seen.advance(DAY);
        assert!(seen.insert("kept".to_owned()));
        seen.savepoint();
        seen.advance(9 * DAY);
        assert!(seen.insert("rejected".to_owned()) && seen.insert("kept".to_owned()));
        seen.rollback();
        assert!(!seen.insert("kept".to_owned()), "its time is not over");
        assert!(seen.insert("rejected".to_owned()), "nothing of it is left");
        seen.commit();
        assert_eq!(seen.due.values().map(Vec::len).sum::<usize>(), 2);
    }

    #[test]
    fn what_expires_leaves_a_tombstone_even_after_an_abort() {
        let mut seen = Expiring::new("seen", DAY);
        seen.insert("a".to_owned());
        seen.commit();
        seen.advance(3 * DAY);
        assert_eq!(tombstones(&mut seen), [b"a".to_vec()]);
        seen.abort();
        seen.advance(3 * DAY);
        assert_eq!(seen.len(), 1);
        assert_eq!(tombstones(&mut seen), [b"a".to_vec()]);
        seen.commit();
        assert!(seen.is_empty());
        assert!(tombstones(&mut seen).is_empty());
    }

    #[test]
    fn writing_a_key_again_and_again_costs_no_memory_and_keeps_it_alive() {
        let mut store = Expiring::new("windows", DAY);
        for hour in 0..100 {
            store.advance(hour * SPAN);
            store.put("a".to_owned(), hour);
            store.expire(usize::MAX);
            store.commit();
            assert_eq!(store.due.values().map(Vec::len).sum::<usize>(), 1);
        }
        assert_eq!(store.get(&"a".to_owned()), Some(&99));
        store.advance(200 * SPAN);
        store.expire(usize::MAX);
        store.commit();
        assert!(store.is_empty() && store.due.is_empty());
    }

    #[test]
    fn an_abort_forgets_and_a_restore_remembers() {
        let mut seen = Expiring::new("seen", DAY);
        seen.insert("a".to_owned());
        seen.abort();
        assert!(seen.insert("a".to_owned()));
        let mut copy = Expiring::new("seen", DAY);
        seen.changes(&mut |(key, value)| copy.restore(key, value).unwrap())
            .unwrap();
        assert!(!copy.insert("a".to_owned()));
        copy.advance(3 * DAY);
        assert_eq!(tombstones(&mut copy), [b"a".to_vec()]);
    }
}
