//! A map of keys to values.

use super::format::Format;
use super::{AnyStore, Change, StoreError, StoreKey, StoreValue};
use hashbrown::HashMap;
use model::Millis;
use std::fmt;

/// Keys and their values, for ever: for state whose owner deletes it. [`super::Expiring`] deletes by time.
#[derive(Debug)]
pub struct Store<K, V> {
    name: &'static str,
    format: Format,
    committed: HashMap<K, V>,
    overlay: HashMap<K, Option<V>>,
    /// What the overlay held of each key that was changed since the savepoint, oldest first; `None` before the first
    /// savepoint, so that whoever takes nothing back keeps nothing for it.
    undo: Option<Vec<(K, Before<V>)>>,
    buffer: Vec<u8>,
}

/// What the overlay held of a key.
#[derive(Debug)]
enum Before<V> {
    Nothing,
    Written(Option<V>),
}

impl<V> From<Option<Option<V>>> for Before<V> {
    fn from(held: Option<Option<V>>) -> Self {
        held.map_or(Self::Nothing, Self::Written)
    }
}

impl<K: StoreKey, V: StoreValue> Store<K, V> {
    /// An empty store of this name.
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            format: Format::default(),
            committed: HashMap::new(),
            overlay: HashMap::new(),
            undo: None,
            buffer: Vec::new(),
        }
    }

    /// The same store, whose values have this format.
    #[must_use]
    pub fn with_format(mut self, format: Format) -> Self {
        self.format = format;
        self
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
        self.write(key, Some(value));
    }

    /// Whoever overwrites a value gives it away, so nothing is copied for the savepoint but the key.
    fn write(&mut self, key: K, value: Option<V>) {
        let Some(undo) = &mut self.undo else {
            self.overlay.insert(key, value);
            return;
        };
        let before = self.overlay.insert(key.clone(), value);
        undo.push((key, before.into()));
    }

    /// What the overlay holds of a key is about to be changed where it stands. A record mostly changes one key, several
    /// times: its value is copied once.
    fn keep(&mut self, key: &K) {
        let Some(undo) = &mut self.undo else { return };
        if undo.last().is_none_or(|(kept, _)| kept != key) {
            undo.push((key.clone(), self.overlay.get(key).cloned().into()));
        }
    }

    /// The value of a key, to be changed.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.keep(key);
        if !self.overlay.contains_key(key) {
            let committed = self.committed.get(key)?.clone();
            self.overlay.insert(key.clone(), Some(committed));
        }
        self.overlay.get_mut(key)?.as_mut()
    }

    /// Removes a key and returns its value; one that was never committed leaves nothing in the changelog.
    pub fn take(&mut self, key: &K) -> Option<V> {
        self.keep(key);
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
            self.write(key, None);
        } else if let Some(before) = self.overlay.remove(&key)
            && let Some(undo) = &mut self.undo
        {
            undo.push((key, Before::Written(before)));
        }
    }

    /// The value of a key, to be changed; made first if there is none.
    pub fn get_or_insert_with(&mut self, key: K, make: impl FnOnce() -> V) -> &mut V {
        self.keep(&key);
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

    fn forget_savepoint(&mut self) {
        if let Some(undo) = &mut self.undo {
            undo.clear();
        }
    }

    /// What was written since the last commit: each key with its new value, or without one where it was removed.
    pub(super) fn written(&self) -> impl Iterator<Item = (&K, Option<&V>)> {
        self.overlay.iter().map(|(key, value)| (key, value.as_ref()))
    }

    /// The value of a key when the last transaction committed.
    pub(super) fn committed(&self, key: &K) -> Option<&V> {
        self.committed.get(key)
    }

    fn unreadable(&self, why: &dyn fmt::Display) -> StoreError {
        StoreError {
            store: self.name,
            why: why.to_string(),
        }
    }
}

fn show_change<K: StoreKey, V: StoreValue>(
    (store, format): (&'static str, Format),
    key: &K,
    value: Option<&V>,
    buffer: &mut Vec<u8>,
    show: &mut dyn FnMut(Change<'_>),
) -> Result<(), StoreError> {
    let Some(value) = value else {
        show((&key.to_bytes(), None));
        return Ok(());
    };
    format.begin(buffer);
    let mut writer = rmp_serde::Serializer::new(&mut *buffer).with_struct_map();
    let written = value.serialize(&mut writer);
    written.map_err(|error| StoreError {
        store,
        why: error.to_string(),
    })?;
    show((&key.to_bytes(), Some(buffer)));
    Ok(())
}

impl<K: StoreKey, V: StoreValue> AnyStore for Store<K, V> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn restore(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<(), StoreError> {
        let key = K::from_bytes(key).ok_or_else(|| self.unreadable(&"its key is malformed"))?;
        match value {
            Some(bytes) => {
                let body = self.format.body(bytes).map_err(|why| self.unreadable(&why))?;
                let value = rmp_serde::from_slice(body).map_err(|error| self.unreadable(&error))?;
                self.committed.insert(key, value);
            }
            None => {
                self.committed.remove(&key);
            }
        }
        Ok(())
    }

    fn changes(&mut self, show: &mut dyn FnMut(Change<'_>)) -> Result<(), StoreError> {
        let Self {
            name,
            format,
            overlay,
            buffer,
            ..
        } = self;
        for (key, value) in overlay {
            show_change((name, *format), key, value.as_ref(), buffer, show)?;
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
        self.forget_savepoint();
    }

    fn abort(&mut self) {
        self.overlay.clear();
        self.forget_savepoint();
    }

    fn savepoint(&mut self) {
        self.undo.get_or_insert_default().clear();
    }

    fn rollback(&mut self) {
        for (key, before) in self.undo.iter_mut().flat_map(|undo| undo.drain(..).rev()) {
            match before {
                Before::Written(value) => self.overlay.insert(key, value),
                Before::Nothing => self.overlay.remove(&key),
            };
        }
    }

    fn changes_since_savepoint(&mut self, show: &mut dyn FnMut(Change<'_>)) -> Result<(), StoreError> {
        for (key, _) in self.undo.iter().flatten() {
            if let Some(value) = self.overlay.get(key) {
                show_change(
                    (self.name, self.format),
                    key,
                    value.as_ref(),
                    &mut self.buffer,
                    show,
                )?;
            }
        }
        Ok(())
    }

    fn len(&self) -> usize {
        self.committed.len()
    }

    fn advance(&mut self, _: Millis) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

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

    #[test]
    fn a_rollback_takes_back_what_came_after_the_savepoint_and_no_more() {
        let mut store = Store::new("parked");
        store.put(1, 1);
        store.put(2, 2);
        store.commit();
        store.put(1, 11);
        store.put(3, 3);
        let before = store
            .iter()
            .map(|(key, value)| (*key, *value))
            .collect::<BTreeMap<_, _>>();
        store.savepoint();
        *store.get_mut(&1).unwrap() += 1;
        store.put(1, 7);
        store.take(&2);
        store.delete(3);
        *store.get_or_insert_with(4, || 4) += 1;
        store.rollback();
        let after = store
            .iter()
            .map(|(key, value)| (*key, *value))
            .collect::<BTreeMap<_, _>>();
        assert_eq!(after, before);
        let mut written = changes(&mut store);
        written.sort_unstable();
        assert_eq!(written, [(b"1".to_vec(), true), (b"3".to_vec(), true)]);
    }

    #[test]
    fn what_was_changed_since_the_savepoint_is_shown() {
        let mut store: Store<i64, u8> = Store::new("parked");
        store.put(1, 1);
        store.savepoint();
        store.put(2, 2);
        let mut shown = Vec::new();
        let mut show = |(key, _): Change<'_>| shown.push(key.to_vec());
        store.changes_since_savepoint(&mut show).unwrap();
        assert_eq!(shown, [b"2".to_vec()]);
        store.commit();
        assert_eq!(
            store.changes_since_savepoint(&mut |_| panic!("nothing is left")),
            Ok(())
        );
    }

    proptest! {
        /// Whatever a record did, a rollback leaves the store as if the record had not been.
        #[test]
        fn a_rollback_leaves_no_trace(before in changes_of(), committed in changes_of(), after in changes_of()) {
            let (mut store, mut untouched) = (Store::new("parked"), Store::new("parked"));
            for store in [&mut store, &mut untouched] {
                all(&committed, store);
                store.commit();
                all(&before, store);
            }
            store.savepoint();
            all(&after, &mut store);
            store.rollback();
            prop_assert_eq!(&store.overlay, &untouched.overlay);
            prop_assert_eq!(&store.committed, &untouched.committed);
        }
    }

    #[derive(Debug, Clone)]
    enum Write {
        Put(i64, u8),
        Change(i64),
        Take(i64),
        Delete(i64),
        Insert(i64),
    }

    impl Write {
        fn apply(&self, store: &mut Store<i64, u8>) {
            match *self {
                Self::Put(key, value) => store.put(key, value),
                Self::Change(key) => drop(store.get_mut(&key).map(|value| *value ^= 1)),
                Self::Take(key) => drop(store.take(&key)),
                Self::Delete(key) => store.delete(key),
                Self::Insert(key) => *store.get_or_insert_with(key, || 0) ^= 2,
            }
        }
    }

    fn all(changes: &[Write], store: &mut Store<i64, u8>) {
        for change in changes {
            change.apply(store);
        }
    }

    fn changes_of() -> impl Strategy<Value = Vec<Write>> {
        let key = || 0_i64..4;
        let write = prop_oneof![
            (key(), any::<u8>()).prop_map(|(key, value)| Write::Put(key, value)),
            key().prop_map(Write::Change),
            key().prop_map(Write::Take),
            key().prop_map(Write::Delete),
            key().prop_map(Write::Insert),
        ];
        proptest::collection::vec(write, 0..12)
    }
}
