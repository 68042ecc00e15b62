//! What the detector remembers: which events it has seen, and the recent events of each rule and subject.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use stage::{AnyStore, Expiring, Stores};
use windows::{Alarm, Sliding};

pub(crate) const HOUR_MS: i64 = 60 * 60 * 1000;
pub(crate) const DAY_MS: i64 = 24 * HOUR_MS;

/// A client's retry within this time is not counted again.
const SEEN_MS: i64 = 14 * DAY_MS;

/// The stores of one partition.
pub struct DetectorStores {
    /// Identities of the events that some rule looked at.
    pub(crate) seen: Expiring<u128, ()>,
    /// Windows by rule, tenant, subject and group.
    pub(crate) windows: Expiring<String, Window>,
}

/// The recent events that count for one rule and group, and whether that is news.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Window {
    /// Identifiers of events, shared since a window is copied into the overlay whole.
    pub(crate) events: Sliding<Arc<str>>,
    pub(crate) alarm: Alarm,
}

impl Default for DetectorStores {
    fn default() -> Self {
        Self {
            seen: Expiring::new("seen", SEEN_MS),
            windows: Expiring::new("windows", DAY_MS),
        }
    }
}

impl Stores for DetectorStores {
    fn each(&mut self, visit: &mut dyn FnMut(&mut dyn AnyStore)) {
        visit(&mut self.seen);
        visit(&mut self.windows);
    }
}
