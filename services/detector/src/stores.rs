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

#[cfg(test)]
mod tests {
    use super::*;
    use stage::golden;
    use windows::{Bounds, Reached, Until};

    const NONE: fn() -> DetectorStores = DetectorStores::default;

    #[test]
    fn ids_that_were_seen_are_written_as_they_always_were() {
        let mut seen = NONE().seen;
        seen.insert(7);
        let versions = [include_str!("../tests/golden/seen.v1.hex")];
        assert_eq!(golden(seen, || NONE().seen, &versions), Ok(()));
    }

    #[test]
    fn windows_are_written_as_they_always_were() {
        let bounds = Bounds {
            window_ms: None,
            lateness_ms: 60_000,
            least: 1,
            keep: 10,
        };
        let mut window = Window::default();
        window.events.hit(1_700_000_000_000, "login-1".into(), &bounds);
        window.events.reset(1_700_000_000_500, &bounds);
        let reached = Reached {
            at: 1_700_000_000_000,
            from: 1_700_000_000_000,
            to: 1_700_000_000_000,
            ends: (i64::MIN, 1_700_000_000_500),
        };
        window.alarm.ring(reached, Until::QuietFor(60_000), 0);
        let mut windows = NONE().windows;
        windows.put("logins/acme/user:1".into(), window);
        let versions = [include_str!("../tests/golden/windows.v1.hex")];
        assert_eq!(golden(windows, || NONE().windows, &versions), Ok(()));
    }
}
