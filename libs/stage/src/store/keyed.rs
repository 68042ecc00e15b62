//! A map of keys to values.

use super::{AnyStore, Change, StoreError, StoreKey, StoreValue};
use hashbrown::HashMap;
use model::Millis;
use std::fmt;

/// Keys and their values, for ever: for state whose owner deletes it. [`super::Expiring`] deletes by time.
#[derive(Debug)]
pub struct Store<K, V> {
    name: &'static str,
    committed: HashMap<K, V>,
    overlay: HashMap<K, Option<V>>,
    buffer: Vec<u8>,
}

impl<K: StoreKey, V: StoreValue> Store<K, V> {
    /// An empty store of this name.
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            committed: HashMap::new(),
            overlay: HashMap::new(),
            buffer: Vec::new(),
        }
    }

    /// The value of a key.
    pub fn get(&self, key: &K) -> Option<&V> {
        match self.overlay.get(key) {
            Some(written) => written.as_ref(),
            None => self.committed.get(key),
        }
    }

    /// Sets the value of a key.
    pub fn put(&mut self, key: K, value: V) {
        self.overlay.insert(key, Some(value));
    }

    /// The value of a key, to be changed.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        if !self.overlay.contains_key(key) {
            let committed = self.committed.get(key)?.clone();
            self.overlay.insert(key.clone(), Some(committed));
        }
        self.overlay.get_mut(key)?.as_mut()
    }

    /// Removes a key and returns its value; one that was never committed leaves nothing in the changelog.
    pub fn take(&mut self, key: &K) -> Option<V> {
        let written = self.overlay.remove(key);
        let Some(committed) = self.committed.get(key) else {
            return written.flatten();
        };
        let value = written.unwrap_or_else(|| Some(committed.clone()));
        self.overlay.insert(key.clone(), None);
        value
    }

    /// Removes a key; one that was never committed leaves nothing in the changelog.
    pub fn delete(&mut self, key: K) {
        if self.committed.contains_key(&key) {
            self.overlay.insert(key, None);
        } else {
            self.overlay.remove(&key);
        }
    }

    /// The value of a key, to be changed; made first if there is none.
    pub fn get_or_insert_with(&mut self, key: K, make: impl FnOnce() -> V) -> &mut V {
        let committed = &self.committed;
        let entry = self.overlay.entry(key);
        let slot = entry.or_insert_with_key(|key| committed.get(key).cloned());
        slot.get_or_insert_with(make)
    }

    /// Every key with its value, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        let written = self
            .overlay
            .iter()
            .filter_map(|(key, value)| Some((key, value.as_ref()?)));
        let overlay = &self.overlay;
        let untouched = self
            .committed
            .iter()
            .filter(|(key, _)| !overlay.contains_key(*key));
        written.chain(untouched)
    }

    fn unreadable(&self, why: &dyn fmt::Display) -> StoreError {
        StoreError {
            store: self.name,
            why: why.to_string(),
        }
    }
}

impl<K: StoreKey, V: StoreValue> AnyStore for Store<K, V> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn restore(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<(), StoreError> {
        let key = K::from_bytes(key).ok_or_else(|| self.unreadable(&"its key is malformed"))?;
        match value {
            Some(bytes) => {
                let value = rmp_serde::from_slice(bytes).map_err(|error| self.unreadable(&error))?;
                self.committed.insert(key, value);
            }
            None => {
                self.committed.remove(&key);
            }
        }
        Ok(())
    }

    fn changes(&mut self, show: &mut dyn FnMut(Change<'_>)) -> Result<(), StoreError> {
        for (key, value) in &self.overlay {
            let Some(value) = value else {
                show((&key.to_bytes(), None));
                continue;
            };
            self.buffer.clear();
            let mut writer = rmp_serde::Serializer::new(&mut self.buffer).with_struct_map();
            let written = value.serialize(&mut writer);
            written.map_err(|error| StoreError {
                store: self.name,
                why: error.to_string(),
            })?;
            show((&key.to_bytes(), Some(&self.buffer)));
        }
        Ok(())
    }

    fn commit(&mut self) {
        for (key, value) in self.overlay.drain() {
            match value {
                Some(value) => self.committed.insert(key, value),
                None => self.committed.remove(&key),
            };
        }
    }

    fn abort(&mut self) {
        self.overlay.clear();
    }

    fn len(&self) -> usize {
        self.committed.len()
    }

    fn advance(&mut self, _: Millis) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(store: &mut Store<i64, u8>) -> Vec<(Vec<u8>, bool)> {
        let mut changes = Vec::new();
        let mut show = |(key, value): Change<'_>| changes.push((key.to_vec(), value.is_some()));
        store.changes(&mut show).unwrap();
        changes
    }

    #[test]
    fn what_comes_and_goes_within_a_transaction_leaves_no_trace() {
        let mut store = Store::new("parked");
        store.put(1, 1);
        store.put(2, 2);
        store.delete(2);
        assert_eq!(changes(&mut store), [(b"1".to_vec(), true)]);
        store.commit();
        *store.get_mut(&1).unwrap() += 1;
        assert_eq!(
            (store.take(&1), store.take(&1), store.get_mut(&1)),
            (Some(2), None, None)
        );
        store.delete(1);
        assert_eq!(changes(&mut store), [(b"1".to_vec(), false)]);
        assert_eq!(store.iter().count(), 0);
        store.abort();
        store.put(3, 3);
        let mut all: Vec<_> = store.iter().collect();
        all.sort_unstable();
        assert_eq!(all, [(&1, &1), (&3, &3)]);
    }
}
