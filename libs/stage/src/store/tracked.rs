//! A store that an index is made of: it says when the index no longer says what the store does.

use super::{AnyStore, Change, StoreError};
use model::Millis;
use std::ops::{Deref, DerefMut};

/// A store whose changes somebody follows in an index of their own. What is restored, aborted or taken back passes them
/// by, so the index must then be made anew.
#[derive(Debug)]
pub struct Tracked<S> {
    store: S,
    passed_by: bool,
}

impl<S> Tracked<S> {
    /// Follows this store, which nobody has an index of yet.
    pub fn new(store: S) -> Self {
        Self {
            store,
            passed_by: true,
        }
    }

    /// Whether the store has changed other than by its user since this was asked last. Then an index of it must be made
    /// anew.
    pub fn changed_unseen(&mut self) -> bool {
        std::mem::take(&mut self.passed_by)
    }
}

impl<S> Deref for Tracked<S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.store
    }
}

impl<S> DerefMut for Tracked<S> {
    fn deref_mut(&mut self) -> &mut S {
        &mut self.store
    }
}

impl<S: AnyStore> AnyStore for Tracked<S> {
    fn name(&self) -> &'static str {
        self.store.name()
    }

    fn restore(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<(), StoreError> {
        self.passed_by = true;
        self.store.restore(key, value)
    }

    fn expire(&mut self, most: usize) {
        self.store.expire(most);
    }

    fn changes(&mut self, show: &mut dyn FnMut(Change<'_>)) -> Result<(), StoreError> {
        self.store.changes(show)
    }

    fn commit(&mut self) {
        self.store.commit();
    }

    fn abort(&mut self) {
        self.passed_by = true;
        self.store.abort();
    }

    fn savepoint(&mut self) {
        self.store.savepoint();
    }

    fn rollback(&mut self) {
        self.passed_by = true;
        self.store.rollback();
    }

    fn changes_since_savepoint(&mut self, show: &mut dyn FnMut(Change<'_>)) -> Result<(), StoreError> {
        self.store.changes_since_savepoint(show)
    }

    fn len(&self) -> usize {
        self.store.len()
    }

    fn advance(&mut self, now: Millis) {
        self.store.advance(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;

    type Followed = Tracked<Store<i64, u8>>;

    #[test]
    fn only_changes_of_others_are_unseen() {
        let mut store: Followed = Tracked::new(Store::new("parts"));
        assert!(store.changed_unseen(), "nobody has an index yet");
        store.savepoint();
        store.put(1, 1);
        store.changes(&mut |_| {}).unwrap();
        store.commit();
        assert!(!store.changed_unseen());
        let unseen: [fn(&mut Followed); 3] = [
            |store| store.abort(),
            |store| store.rollback(),
            |store| store.restore(b"2", None).unwrap(),
        ];
        for change in unseen {
            change(&mut store);
            assert!(store.changed_unseen());
            assert!(!store.changed_unseen());
        }
    }
}
