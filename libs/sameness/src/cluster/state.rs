//! A cluster: what its texts say together, and when. This is the value that a store keeps; nothing else has to be kept.

use super::query::Query;
use super::sums::Sums;
use crate::reading::Reading;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Milliseconds since 1970-01-01T00:00:00Z.
pub type Millis = i64;

/// Which cluster: the number of the idempotency key of its first event, so that no two partitions give the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ClusterId(pub u128);

impl fmt::Display for ClusterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// A cluster of texts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cluster {
    /// All its texts.
    pub sums: Sums,
    /// Those that the next phase has not been told of; `None` where there are none.
    pub fresh: Option<Box<Sums>>,
    /// Event time of the earliest text.
    pub first: Millis,
    /// Event time of the latest text.
    pub last: Millis,
    /// The common words of the stream were not known at its latest text.
    pub of_new_stream: bool,
    /// When the next phase was last told, in event time of the text that did.
    pub told: Millis,
    /// The order of the index: clusters whose keys were chosen later are asked first.
    pub rank: u64,
    /// The length of the profile.
    length: f32,
    /// Somebody said that it merges with no other by itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pinned: bool,
}

impl Cluster {
    /// A cluster of these texts.
    pub fn new(sums: Sums, first: Millis, last: Millis) -> Self {
        let length = sums.length();
        Self {
            sums,
            fresh: None,
            first,
            last,
            of_new_stream: false,
            told: last,
            rank: 0,
            length,
            pinned: false,
        }
    }

    /// Adds a text that the next phase is to be told of.
    pub(crate) fn add(&mut self, reading: &Reading, time: Millis) {
        self.sums.add(reading);
        self.fresh.get_or_insert_default().add(reading);
        self.seen(time, time);
    }

    /// Adds the texts of a sum.
    pub(crate) fn fold(&mut self, sums: &Sums, first: Millis, last: Millis) {
        self.sums.fold(sums);
        self.seen(first, last);
    }

    fn seen(&mut self, first: Millis, last: Millis) {
        self.first = self.first.min(first);
        self.last = self.last.max(last);
        self.length = self.sums.length();
    }

    /// How many texts.
    pub fn texts(&self) -> u32 {
        self.sums.texts
    }

    pub(crate) fn length(&self) -> f32 {
        self.length
    }

    /// The cluster as a question to others.
    pub(crate) fn query(&self) -> Query<'_> {
        Query::of_cluster(&self.sums)
    }
}

/// Where clusters are kept: a store, or a map.
pub trait ClusterStore {
    /// The cluster, if there is one.
    fn get(&self, id: ClusterId) -> Option<&Cluster>;
    /// Adds or replaces a cluster.
    fn put(&mut self, id: ClusterId, cluster: Cluster);
    /// Takes a cluster out.
    fn remove(&mut self, id: ClusterId);
}

impl ClusterStore for std::collections::BTreeMap<ClusterId, Cluster> {
    fn get(&self, id: ClusterId) -> Option<&Cluster> {
        Self::get(self, &id)
    }

    fn put(&mut self, id: ClusterId, cluster: Cluster) {
        self.insert(id, cluster);
    }

    fn remove(&mut self, id: ClusterId) {
        Self::remove(self, &id);
    }
}

impl<S: std::hash::BuildHasher> ClusterStore for std::collections::HashMap<ClusterId, Cluster, S> {
    fn get(&self, id: ClusterId) -> Option<&Cluster> {
        Self::get(self, &id)
    }

    fn put(&mut self, id: ClusterId, cluster: Cluster) {
        self.insert(id, cluster);
    }

    fn remove(&mut self, id: ClusterId) {
        Self::remove(self, &id);
    }
}
