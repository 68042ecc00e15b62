//! What the detector remembers: which events it has seen, the recent events of each rule and subject, and what rules that
//! do more than count know of a subject.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use stage::{AnyStore, Expiring, Lateness, Stores, Timers};
use windows::{Alarm, Sliding};

use crate::watch::Watch;

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
    /// Patterns by the same.
    pub(crate) alerts: Expiring<String, Watch>,
    /// When a pattern is to be asked again, by the same, in event time.
    pub(crate) timers: Timers,
    /// Whether some rule needs timers: without, event time is not written down.
    pub(crate) is_timed: bool,
}

/// After this silence of a partition its event time follows the wall clock: long enough for a source that stutters, and
/// for a stream that is replayed to its end.
pub(crate) const IDLE_AFTER_MS: i64 = 10 * 60 * 1000;

/// Until the settings are known, which is when the first event comes.
const LATENESS: Lateness = Lateness {
    allowed: 60 * 1000,
    idle_after: IDLE_AFTER_MS,
    ahead: 5 * 60 * 1000,
};

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
            alerts: Expiring::new("alerts", DAY_MS),
            timers: Timers::new("timers", LATENESS),
            is_timed: false,
        }
    }
}

impl Stores for DetectorStores {
    fn each(&mut self, visit: &mut dyn FnMut(&mut dyn AnyStore)) {
        visit(&mut self.seen);
        visit(&mut self.windows);
        visit(&mut self.alerts);
        visit(&mut self.timers);
    }

    fn timers(&mut self) -> Option<&mut Timers> {
        (self.is_timed || !self.timers.is_empty()).then_some(&mut self.timers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watch::Kept;
    use stage::golden;
    use windows::{Aggregate, Bounds, Input, Plan, Policy, Reached, Shape, Until, Windows};

    const NONE: fn() -> DetectorStores = DetectorStores::default;

    #[test]
    fn ids_that_were_seen_are_written_as_they_always_were() {
        let mut seen = NONE().seen;
        seen.insert(7);
        let versions = [include_str!("../tests/golden/seen.v1.hex")];
        assert_eq!(golden(seen, || NONE().seen, &versions), Ok(()));
    }

    #[test]
    fn patterns_are_written_as_they_always_were() {
        let plan = Plan {
            shape: Shape::sliding(60_000),
            aggregates: vec![Aggregate::Count, Aggregate::Ratio],
            lateness: 0,
        };
        let mut windows = Windows::new(&plan);
        let at = 1_700_000_000_000;
        windows.add(&plan, at, &[Input::Hit, Input::Asked(true)], at);
        let mut watch = Watch {
            plan: 7,
            timer: Some(at + 60_000),
            kept: Kept::Windows(vec![windows]),
            ..Watch::default()
        };
        watch.note(at, "call-1", 10);
        watch.alert.judge(at, true, Policy::default());
        let mut alerts = NONE().alerts;
        alerts.put("errors/acme/user:1".into(), watch);
        let versions = [include_str!("../tests/golden/alerts.v1.hex")];
        assert_eq!(golden(alerts, || NONE().alerts, &versions), Ok(()));
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
