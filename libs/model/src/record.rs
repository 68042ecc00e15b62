//! What every record of the stream has: a schema and a key. And how identities are made from content.

use crate::Datum;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::borrow::Cow;
use topology::Schema;
use xxhash_rust::xxh3::Xxh3;

/// A value of a topic.
pub trait Record: Datum + Serialize + DeserializeOwned + Send + 'static {
    /// Its schema in `schemas/`.
    const SCHEMA: Schema;

    /// The key it is partitioned and compacted by.
    fn key(&self) -> Cow<'_, str>;
}

/// Makes an identity from parts: 128 bits of xxh3 over each part with its length before it, so that
/// `("ab", "c")` and `("a", "bc")` differ.
#[derive(Clone, Default)]
pub struct Id(Xxh3);

impl Id {
    /// An identity of no parts yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The identity with one more part.
    #[must_use]
    pub fn part(mut self, part: impl AsRef<[u8]>) -> Self {
        let bytes = part.as_ref();
        self.0.update(&(bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
        self
    }

    /// The identity as a number.
    pub fn number(&self) -> u128 {
        self.0.digest128()
    }

    /// The identity as text: the prefix and 32 hexadecimal digits.
    pub fn text(&self, prefix: &str) -> String {
        format!("{prefix}{:032x}", self.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_together() {
        assert_ne!(
            Id::new().part("ab").part("c").number(),
            Id::new().part("a").part("bc").number()
        );
    }

    #[test]
    fn an_identity_is_stable_across_versions_of_the_program() {
        let id = Id::new().part("default").part("web").part("42").text("evt_");
        assert_eq!(id, "evt_04fd7b6d638d407cac85fa3bc41d2dca");
    }
}
