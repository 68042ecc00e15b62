//! Which known texts may be the same as a new one: those that share a band. It holds nothing that the texts do not say.

use super::text::NearText;
use std::collections::HashMap;
use std::hash::Hash;

/// Texts of a bucket that are looked at, the newest.
const NEWEST: usize = 8;

/// The index of some texts by ids of the caller's choice. Ids must grow: the highest are the newest.
#[derive(Debug, Clone)]
pub struct NearIndex<Id> {
    buckets: HashMap<(u8, u32), Vec<Id>>,
}

impl<Id> Default for NearIndex<Id> {
    fn default() -> Self {
        Self {
            buckets: HashMap::new(),
        }
    }
}

impl<Id: Copy + Ord + Hash> NearIndex<Id> {
    /// Adds a text.
    pub fn add(&mut self, id: Id, text: &NearText) {
        for key in keys(text) {
            let bucket = self.buckets.entry(key).or_default();
            if let Err(at) = bucket.binary_search(&id) {
                bucket.insert(at, id);
            }
        }
    }

    /// Removes a text.
    pub fn remove(&mut self, id: Id, text: &NearText) {
        for key in keys(text) {
            let Some(bucket) = self.buckets.get_mut(&key) else {
                continue;
            };
            if let Ok(at) = bucket.binary_search(&id) {
                bucket.remove(at);
            }
            if bucket.is_empty() {
                self.buckets.remove(&key);
            }
        }
    }

    /// The texts that share a band, each once: most bands first, of equals the newest.
    pub fn candidates(&self, text: &NearText) -> Vec<Id> {
        let buckets = keys(text).filter_map(|key| self.buckets.get(&key));
        let mut found: Vec<Id> = buckets
            .flat_map(|bucket| bucket.iter().rev().take(NEWEST).copied())
            .collect();
        found.sort_unstable();
        let mut counted: Vec<(usize, Id)> = found
            .chunk_by(|a, b| a == b)
            .filter_map(|same| Some((same.len(), *same.first()?)))
            .collect();
        counted.sort_unstable_by(|a, b| b.cmp(a));
        counted.into_iter().map(|(_, id)| id).collect()
    }

    /// True where it holds no text.
    pub fn is_empty(&self) -> bool {
        self.buckets.is_empty()
    }
}

fn keys(text: &NearText) -> impl Iterator<Item = (u8, u32)> {
    let bands = if text.is_empty() { &[][..] } else { &text.bands.0 };
    (0_u8..).zip(bands.iter().copied())
}
