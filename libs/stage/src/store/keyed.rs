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

    /// Removes a key.
    pub fn delete(&mut self, key: K) {
        self.overlay.insert(key, None);
    }

    /// The value of a key, to be changed; made first if there is none.
    pub fn get_or_insert_with(&mut self, key: K, make: impl FnOnce() -> V) -> &mut V {
        let committed = &self.committed;
        let entry = self.overlay.entry(key);
        let slot = entry.or_insert_with_key(|key| committed.get(key).cloned());
        slot.get_or_insert_with(make)
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
