//! One line of the keys file. No clock, no I/O.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::caller::{self, Caller};
use crate::glob::Globs;
use crate::rate::Rate;
use crate::scope::Scope;

/// Longest name of a key, in bytes.
const LONGEST_NAME: usize = 64;

/// What the file says of one key. It holds the hash, never the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyEntry {
    /// The key's public part.
    pub id: String,
    /// Who holds it; the principal of the events it sends. Several keys of one name are one principal.
    pub name: String,
    /// Whose data; `*` for every tenant.
    pub tenant: String,
    /// What it may do.
    pub scopes: BTreeSet<Scope>,
    /// Sources that it may send events of.
    #[serde(default)]
    pub sources: Globs,
    /// Types of events that it may send.
    #[serde(default)]
    pub types: Globs,
    /// Most events a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events_per_s: Option<u64>,
    /// Most bytes a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes_per_s: Option<u64>,
    /// From when on it is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<DateTime<Utc>>,
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<DateTime<Utc>>,
    /// When it was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<DateTime<Utc>>,
    /// SHA-256 of the key, in hexadecimal digits.
    pub sha256: String,
}

impl KeyEntry {
    /// What is wrong with it, in words that say how to mend it.
    pub(crate) fn fault(&self) -> Option<String> {
        let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        let faults = [
            (
                self.name.is_empty() || self.name.len() > LONGEST_NAME || !self.name.bytes().all(letter),
                format!("`name` must be 1 to {LONGEST_NAME} of a-z, A-Z, 0-9, `.`, `_` and `-`"),
            ),
            (
                !caller::may_be_of(&self.tenant),
                format!("`tenant` must be {}, or `*` for all", model::TENANT_RULE),
            ),
            (
                self.scopes.is_empty(),
                "`scopes` must name at least one of ingest, read, admin, trusted".to_owned(),
            ),
            (
                self.sources.is_empty() || self.types.is_empty(),
                "`sources` and `types` must hold at least one pattern; leave them away for any".to_owned(),
            ),
            (
                self.events_per_s == Some(0) || self.bytes_per_s == Some(0),
                "a rate must be at least 1, or left away".to_owned(),
            ),
            (
                self.hash().is_none(),
                "`sha256` must be 64 hexadecimal digits".to_owned(),
            ),
        ];
        faults.into_iter().find_map(|(wrong, mend)| wrong.then_some(mend))
    }

    /// The hash.
    pub(crate) fn hash(&self) -> Option<[u8; 32]> {
        hex::decode(&self.sha256).ok()?.try_into().ok()
    }

    /// Whom the key stands for.
    pub(crate) fn caller(&self) -> Caller {
        Caller {
            name: self.name.clone(),
            tenant: caller::of(&self.tenant),
            known: true,
            scopes: self.scopes.clone(),
            sources: self.sources.clone(),
            types: self.types.clone(),
            rate: Rate {
                events_per_s: self.events_per_s,
                bytes_per_s: self.bytes_per_s,
            },
        }
    }
}
