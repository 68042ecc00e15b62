//! The versions of the values that a store writes to its changelog.
//!
//! A value that a newer version of the program wrote may have fields that this one does not know, and would strip when it
//! writes the value again. So a value says its version, and one that is too new is refused. Version 1 is MessagePack and
//! nothing else, as all values were before they had versions; from version 2 on two bytes stand before it: one that no
//! MessagePack value begins with, and the version.
//!
//! A field comes in two releases, so that old and new processes work side by side during a rolling upgrade: the first one
//! reads the version that has it, the second one writes it.

use std::fmt;

/// Reserved by MessagePack: no value begins with it.
const MARK: u8 = 0xc1;
const FIRST: u8 = 1;

/// Which version of its values a store writes, and up to which it reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Format {
    writes: u8,
    reads: u8,
}

impl Default for Format {
    fn default() -> Self {
        Self::version(FIRST)
    }
}

/// A value of a version that is not known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooNew {
    version: u8,
    reads: u8,
}

impl fmt::Display for TooNew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { version, reads } = self;
        write!(
            f,
            "it has version {version}, and this program knows versions up to {reads} and would strip what it does not know"
        )
    }
}

impl Format {
    /// Writes this version, and reads it and all before it.
    pub const fn version(version: u8) -> Self {
        Self {
            writes: version,
            reads: version,
        }
    }

    /// Reads this version too, which the next release will write.
    #[must_use]
    pub const fn reads(mut self, version: u8) -> Self {
        self.reads = version;
        self
    }

    /// Puts what stands before a value into an empty buffer.
    pub(super) fn begin(self, buffer: &mut Vec<u8>) {
        buffer.clear();
        if self.writes > FIRST {
            buffer.extend([MARK, self.writes]);
        }
    }

    /// The MessagePack of a value, unless that is too new.
    pub(super) fn body(self, value: &[u8]) -> Result<&[u8], TooNew> {
        let (version, body) = parts(value);
        let reads = self.reads;
        if version > reads {
            return Err(TooNew { version, reads });
        }
        Ok(body)
    }
}

/// The version of a value, and its MessagePack.
pub(super) fn parts(value: &[u8]) -> (u8, &[u8]) {
    match value {
        [MARK, version, body @ ..] => (*version, body),
        body => (FIRST, body),
    }
}

/// The MessagePack of a value of any version: for whoever only shows it.
pub fn message_pack(value: &[u8]) -> &[u8] {
    parts(value).1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{AnyStore, Store, golden};
    use serde::{Deserialize, Serialize};

    /// A value as an old release has it.
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Old {
        count: i64,
    }

    /// The same in a newer one.
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct New {
        count: i64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    }

    fn old() -> Store<String, Old> {
        Store::new("counts")
    }

    /// Knows the field, and leaves it out.
    fn between() -> Store<String, New> {
        Store::new("counts").with_format(Format::default().reads(2))
    }

    fn new() -> Store<String, New> {
        Store::new("counts").with_format(Format::version(2))
    }

    fn holding<V: crate::StoreValue>(mut store: Store<String, V>, value: V) -> Store<String, V> {
        store.put("a".to_owned(), value);
        store
    }

    /// What one process writes and another reads.
    fn hand_over(from: &mut impl AnyStore, to: &mut impl AnyStore) -> Result<(), String> {
        let mut read = Ok(());
        let shown = from.changes(&mut |(key, value)| read = to.restore(key, value));
        shown.and(read).map_err(|error| error.to_string())
    }

    fn of(count: i64, why: Option<&str>) -> New {
        New {
            count,
            why: why.map(str::to_owned),
        }
    }

    #[test]
    fn an_old_and_a_new_process_side_by_side_lose_nothing() {
        let (mut release_2, mut release_3) = (between(), new());
        hand_over(&mut holding(old(), Old { count: 1 }), &mut release_2).unwrap();
        assert_eq!(release_2.get(&"a".to_owned()), Some(&of(1, None)));
        hand_over(&mut holding(between(), of(2, None)), &mut old()).unwrap();
        hand_over(&mut holding(between(), of(2, None)), &mut release_3).unwrap();
        assert_eq!(release_3.get(&"a".to_owned()), Some(&of(2, None)));
        hand_over(&mut holding(new(), of(3, Some("x"))), &mut release_2).unwrap();
        assert_eq!(
            release_2.get(&"a".to_owned()),
            Some(&of(3, Some("x"))),
            "kept, and kept when it is written"
        );
    }

    #[test]
    fn a_process_that_does_not_know_a_field_refuses_the_value_and_does_not_strip_it() {
        let why = hand_over(&mut holding(new(), of(3, Some("x"))), &mut old()).unwrap_err();
        assert!(why.contains("version 2") && why.contains("up to 1"), "{why}");
    }

    #[test]
    fn golden_versions_hold_a_store_to_its_bytes() {
        let versions = ["61 81a5636f756e7403", "61 c10282a5636f756e7403a3776879a178"];
        assert_eq!(
            golden(holding(old(), Old { count: 3 }), old, &versions[..1]),
            Ok(())
        );
        assert_eq!(golden(holding(new(), of(3, Some("x"))), new, &versions), Ok(()));
        let changed = golden(holding(new(), of(4, None)), new, &versions).unwrap_err();
        assert!(
            changed.contains("write version 3 and add it: 61 c1028"),
            "{changed}"
        );
        let unmarked = Store::<String, New>::new("counts");
        assert!(golden(holding(unmarked, of(3, Some("x"))), between, &versions).is_err());
    }

    #[test]
    fn a_value_without_a_version_is_the_first() {
        assert_eq!(parts(&[0x81]), (1, &[0x81][..]));
        assert_eq!(parts(&[]), (1, &[][..]));
        assert_eq!(message_pack(&[MARK, 9, 0x81]), [0x81]);
    }
}
