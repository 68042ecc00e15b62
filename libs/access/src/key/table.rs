//! The keys file: JSON lines, one key a line, comments after `#`. No clock, no I/O.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use model::Millis;
use subtle::ConstantTimeEq;

use super::{ApiKey, KeyEntry};
use crate::caller::Caller;
use crate::glob::Globs;
use crate::rate::Rate;
use crate::scope::Scope;

/// What a file of keys cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyFileError {
    /// A line that is no key.
    #[error("line {line}: {why}")]
    Line {
        /// Counted from 1.
        line: usize,
        /// What is wrong, and how to mend it.
        why: String,
    },
    /// A new key that cannot be.
    #[error("{0}")]
    New(String),
    /// A name that stands for two tenants.
    #[error(
        "the name {name:?} is already a key's of the tenant {tenant:?}; choose another, for events are counted by name"
    )]
    Taken {
        /// The name.
        name: String,
        /// The other tenant.
        tenant: String,
    },
    /// No key has this name or id, or all of them are revoked.
    #[error(
        "there is no key of the name or id {0:?} that could be revoked; `sluicebox keys list` shows them"
    )]
    Unknown(String),
}

/// What a new key is to be.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// Who holds it.
    pub name: String,
    /// Whose data; `*` for every tenant.
    pub tenant: String,
    /// What it may do.
    pub scopes: BTreeSet<Scope>,
    /// Sources it may send events of.
    pub sources: Globs,
    /// Types of events it may send.
    pub types: Globs,
    /// How much.
    pub rate: Rate,
    /// Until when.
    pub expires: Option<DateTime<Utc>>,
}

/// All keys of a file, to be looked up by id.
#[derive(Debug, Default)]
pub struct KeyTable {
    entries: Vec<KeyEntry>,
    by_id: HashMap<String, (usize, [u8; 32], Arc<Caller>)>,
}

/// What a key that was shown is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Lookup {
    /// A key that may be used.
    Good(Arc<Caller>),
    /// No key of ours.
    Unknown,
    /// One whose time is over.
    Expired,
    /// One that was revoked.
    Revoked,
}

impl KeyTable {
    /// Reads a file.
    pub fn read(text: &str) -> Result<Self, KeyFileError> {
        let mut table = Self::default();
        for (line, text) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
            let text = text.trim();
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let entry = serde_json::from_str::<KeyEntry>(text).map_err(|error| error.to_string());
            let added = entry.and_then(|entry| table.add(entry));
            added.map_err(|why| KeyFileError::Line { line, why })?;
        }
        Ok(table)
    }

    fn add(&mut self, entry: KeyEntry) -> Result<(), String> {
        if let Some(why) = entry.fault() {
            return Err(why);
        }
        if let Some(error) = self.taken(&entry.name, &entry.tenant) {
            return Err(error.to_string());
        }
        let hash = entry.hash().ok_or("`sha256` cannot be read")?;
        let found = (self.entries.len(), hash, Arc::new(entry.caller()));
        if self.by_id.insert(entry.id.clone(), found).is_some() {
            return Err(format!(
                "the id {:?} is there twice; remove one of the lines",
                entry.id
            ));
        }
        self.entries.push(entry);
        Ok(())
    }

    /// One name in two tenants would be two principals that look the same.
    fn taken(&self, name: &str, tenant: &str) -> Option<KeyFileError> {
        let other = |entry: &&KeyEntry| entry.name == name && entry.tenant != tenant;
        self.entries.iter().find(other).map(|entry| KeyFileError::Taken {
            name: name.to_owned(),
            tenant: entry.tenant.clone(),
        })
    }

    /// Every key, in the order of the file.
    pub fn entries(&self) -> &[KeyEntry] {
        &self.entries
    }

    /// Whom a key stands for. The hash is compared in constant time; the id it is found by is no secret.
    pub(crate) fn find(&self, key: &ApiKey, now: Millis) -> Lookup {
        let Some((at, hash, caller)) = self.by_id.get(key.id()) else {
            return Lookup::Unknown;
        };
        if !bool::from(hash.ct_eq(&key.hash())) {
            return Lookup::Unknown;
        }
        let entry = &self.entries[*at];
        if entry.revoked.is_some() {
            return Lookup::Revoked;
        }
        match entry.expires {
            Some(expires) if now >= expires.timestamp_millis() => Lookup::Expired,
            _ => Lookup::Good(Arc::clone(caller)),
        }
    }

    /// The file's text with one key more.
    pub fn with(
        &self,
        text: &str,
        key: &ApiKey,
        new: NewKey,
        now: DateTime<Utc>,
    ) -> Result<String, KeyFileError> {
        if let Some(taken) = self.taken(&new.name, &new.tenant) {
            return Err(taken);
        }
        let entry = KeyEntry {
            id: key.id().to_owned(),
            name: new.name,
            tenant: new.tenant,
            scopes: new.scopes,
            sources: new.sources,
            types: new.types,
            events_per_s: new.rate.events_per_s,
            bytes_per_s: new.rate.bytes_per_s,
            expires: new.expires,
            created: Some(now),
            revoked: None,
            sha256: hex::encode(key.hash()),
        };
        if let Some(why) = entry.fault() {
            return Err(KeyFileError::New(why));
        }
        let mut text = text.to_owned();
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        Ok(text + &written(&entry) + "\n")
    }

    /// The file's text with every key of this name, or the one of this id, revoked; and how many these are.
    pub fn without(
        text: &str,
        name_or_id: &str,
        now: DateTime<Utc>,
    ) -> Result<(String, usize), KeyFileError> {
        let mut revoked = 0;
        let mut lines = String::with_capacity(text.len());
        for line in text.lines() {
            match serde_json::from_str::<KeyEntry>(line.trim()) {
                Ok(mut entry)
                    if entry.revoked.is_none() && (entry.name == name_or_id || entry.id == name_or_id) =>
                {
                    entry.revoked = Some(now);
                    revoked += 1;
                    lines += &written(&entry);
                }
                _ => lines += line,
            }
            lines.push('\n');
        }
        if revoked == 0 {
            return Err(KeyFileError::Unknown(name_or_id.to_owned()));
        }
        Ok((lines, revoked))
    }
}

fn written(entry: &KeyEntry) -> String {
    serde_json::to_string(entry).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::rand::SystemRandom;

    fn new(name: &str, tenant: &str) -> NewKey {
        NewKey {
            name: name.to_owned(),
            tenant: tenant.to_owned(),
            scopes: [Scope::Ingest].into(),
            sources: Globs::of(["/shop/*"]),
            types: Globs::any(),
            rate: Rate {
                events_per_s: Some(5),
                bytes_per_s: None,
            },
            expires: DateTime::from_timestamp(2000, 0),
        }
    }

    fn key() -> ApiKey {
        ApiKey::new(&SystemRandom::new()).unwrap()
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    fn added(text: &str, key: &ApiKey, new: NewKey) -> Result<String, KeyFileError> {
        KeyTable::read(text).unwrap().with(text, key, new, at(1000))
    }

    #[test]
    fn a_key_is_found_until_it_expires_or_is_revoked() {
        let key = key();
        let text = added("# ours\n\n", &key, new("shop", "acme")).unwrap();
        assert!(
            !text.contains(&key.expose()[13..]),
            "only the hash is in the file"
        );
        let table = KeyTable::read(&text).unwrap();
        let Lookup::Good(caller) = table.find(&key, 1_999_999) else {
            panic!("the key is there")
        };
        assert_eq!(
            (caller.name.as_str(), caller.tenant.as_deref()),
            ("shop", Some("acme"))
        );
        assert_eq!(caller.rate.events_per_s, Some(5));
        assert_eq!(table.find(&key, 2_000_000), Lookup::Expired);
        let (text, revoked) = KeyTable::without(&text, "shop", at(1500)).unwrap();
        assert_eq!(revoked, 1);
        assert!(text.starts_with("# ours\n\n{"));
        assert_eq!(KeyTable::read(&text).unwrap().find(&key, 0), Lookup::Revoked);
        let again = KeyTable::without(&text, "shop", at(1600));
        assert_eq!(again, Err(KeyFileError::Unknown("shop".to_owned())));
    }

    #[test]
    fn a_key_of_a_known_id_with_another_secret_is_unknown() {
        let key = key();
        let text = added("", &key, new("shop", "acme")).unwrap();
        let table = KeyTable::read(&text).unwrap();
        let other = ApiKey::read(&format!("sbx_{}_{}", key.id(), "0".repeat(64))).unwrap();
        assert_eq!(table.find(&other, 0), Lookup::Unknown);
        let unknown = ApiKey::read(&format!("sbx_00000000_{}", "0".repeat(64))).unwrap();
        assert_eq!(table.find(&unknown, 0), Lookup::Unknown);
    }

    #[test]
    fn two_keys_of_one_name_are_one_holders_and_of_one_tenant() {
        let text = added("", &key(), new("shop", "acme")).unwrap();
        let both = added(&text, &key(), new("shop", "acme")).unwrap();
        assert_eq!(KeyTable::read(&both).unwrap().entries().len(), 2);
        assert!(matches!(
            added(&text, &key(), new("shop", "other")),
            Err(KeyFileError::Taken { .. })
        ));
        assert_eq!(KeyTable::without(&both, "shop", at(1)).unwrap().1, 2);
    }

    #[test]
    fn a_bad_line_is_named() {
        let good = added("", &key(), new("shop", "acme")).unwrap();
        let bad = |text: String| KeyTable::read(&text).unwrap_err().to_string();
        assert!(bad(format!("{good}{{")).starts_with("line 2: "));
        assert!(bad(format!("{good}{good}")).contains("twice"));
        assert!(bad(good.replace("\"acme\"", "\"Acme\"")).contains("`tenant`"));
        assert!(bad(good.replace("[\"ingest\"]", "[]")).contains("`scopes`"));
        assert!(bad(good.replace("\"ingest\"", "\"root\"")).contains("unknown variant"));
        assert!(bad(good.replace("\"name\"", "\"nome\"")).contains("nome"));
        assert!(bad(good.replace("\"events_per_s\":5", "\"events_per_s\":0")).contains("rate"));
        assert!(added("", &key(), new("a b", "acme")).is_err());
    }
}
