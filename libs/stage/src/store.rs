//! Keyed state of one task: a map with an overlay. Reads see the overlay; a commit folds it in, an abort drops it.
//! The runtime writes the overlay to the store's changelog in the same transaction as the outputs.
//!
//! Within a transaction each record has a savepoint: what a record changed that then becomes a dead letter is taken back
//! alone, or a replay of it would find itself there already.

mod bounded;
mod expiring;
mod format;
mod golden;
mod keyed;
mod tracked;

pub use bounded::Bounded;
pub use expiring::Expiring;
pub use format::{Format, message_pack};
pub use golden::golden;
pub use keyed::Store;
pub use tracked::Tracked;

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::hash::Hash;

/// A changelog record that cannot be read back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "changelog record of store `{store}` cannot be read: {why}; the state was written by another version"
)]
pub struct StoreError {
    /// The store.
    pub store: &'static str,
    /// What is wrong with the record.
    pub why: String,
}

/// One change on its way to the changelog: the key, and the value or a tombstone.
pub type Change<'a> = (&'a [u8], Option<&'a [u8]>);

/// A key of a store, as bytes that are the same in every version of the program.
pub trait StoreKey: Eq + Hash + Clone + Send + 'static {
    /// Its bytes.
    fn to_bytes(&self) -> Vec<u8>;
    /// The key of these bytes.
    fn from_bytes(bytes: &[u8]) -> Option<Self>;
}

impl StoreKey for String {
    fn to_bytes(&self) -> Vec<u8> {
        self.as_bytes().to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        std::str::from_utf8(bytes).ok().map(str::to_owned)
    }
}

/// As text, so that people can name it.
impl StoreKey for i64 {
    fn to_bytes(&self) -> Vec<u8> {
        self.to_string().into_bytes()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        std::str::from_utf8(bytes).ok()?.parse().ok()
    }
}

impl StoreKey for u128 {
    fn to_bytes(&self) -> Vec<u8> {
        self.to_be_bytes().to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self::from_be_bytes)
    }
}

/// A value of a store: MessagePack with named fields, so that fields can be added with serde defaults; [`Format`] says in
/// which version.
pub trait StoreValue: Serialize + DeserializeOwned + Clone + Send + 'static {}

impl<V: Serialize + DeserializeOwned + Clone + Send + 'static> StoreValue for V {}

/// What the runtime sees of a store.
pub trait AnyStore {
    /// The store's name, as in `topology`.
    fn name(&self) -> &'static str;
    /// Takes one record of the changelog.
    fn restore(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<(), StoreError>;
    /// Makes tombstones of entries whose time is over: of this many, and of a few more for each new one, so that a
    /// transaction stays small however much is over at once. The rest is left to the next transactions.
    fn expire(&mut self, _most: usize) {}
    /// Shows every change since the last commit, once a key.
    fn changes(&mut self, show: &mut dyn FnMut(Change<'_>)) -> Result<(), StoreError>;
    /// Folds the changes in: their transaction committed.
    fn commit(&mut self);
    /// Drops the changes: their transaction did not.
    fn abort(&mut self);
    /// From here on changes can be taken back alone, up to the next savepoint, commit or abort.
    fn savepoint(&mut self);
    /// Takes back what was changed since the savepoint.
    fn rollback(&mut self);
    /// Shows every change since the savepoint, perhaps more than once a key.
    fn changes_since_savepoint(&mut self, show: &mut dyn FnMut(Change<'_>)) -> Result<(), StoreError>;
    /// How many keys it holds.
    fn len(&self) -> usize;
    /// Whether it holds none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Moves time on; time never goes back. What is over by then is not there any more, though its tombstone may come
    /// later.
    fn advance(&mut self, now: model::Millis);
}

/// The stores of one task.
pub trait Stores: Default + Send + 'static {
    /// Visits every store, always in the same order.
    fn each(&mut self, visit: &mut dyn FnMut(&mut dyn AnyStore));

    /// The timers among them, if the stage has any. They are visited like the others.
    fn timers(&mut self) -> Option<&mut crate::Timers> {
        None
    }
}

impl Stores for () {
    fn each(&mut self, _: &mut dyn FnMut(&mut dyn AnyStore)) {}
}
