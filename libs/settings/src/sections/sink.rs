//! How long the database keeps what the sink stores.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::problem::Problems;

const DAY: Duration = Duration::from_hours(24);

/// Everything worth asking about, in the database.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SinkSettings {
    /// How long it stays there.
    pub retention: RetentionSettings,
}

/// How long the rows of each table are kept; `0s` keeps them for ever.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RetentionSettings {
    /// Raw events, by when they came in. Default `7d`.
    #[serde(with = "humantime_serde")]
    pub raw_events: Duration,
    /// Events with their scores, by when they happened. Default `30d`.
    #[serde(with = "humantime_serde")]
    pub events: Duration,
    /// Signals with their evidence, by when they were last seen. Default `90d`.
    #[serde(with = "humantime_serde")]
    pub signals: Duration,
    /// Detections, by month. Default `90d`.
    #[serde(with = "humantime_serde")]
    pub detections: Duration,
    /// Notifications, by month, and their receipts. Default `90d`.
    #[serde(with = "humantime_serde")]
    pub notifications: Duration,
    /// Dead letters; their topic keeps them for 30 days. Default `30d`.
    #[serde(with = "humantime_serde")]
    pub dead_letters: Duration,
}

impl Default for RetentionSettings {
    fn default() -> Self {
        Self {
            raw_events: 7 * DAY,
            events: 30 * DAY,
            signals: 90 * DAY,
            detections: 90 * DAY,
            notifications: 90 * DAY,
            dead_letters: 30 * DAY,
        }
    }
}

impl RetentionSettings {
    /// How long is kept; `None` for ever.
    pub fn limit(keep: Duration) -> Option<Duration> {
        (keep > Duration::ZERO).then_some(keep)
    }
}

impl SinkSettings {
    pub(crate) fn check(&self, problems: &mut Problems) {
        let kept = &self.retention;
        for (key, keep) in [
            ("raw_events", kept.raw_events),
            ("events", kept.events),
            ("signals", kept.signals),
            ("detections", kept.detections),
            ("notifications", kept.notifications),
            ("dead_letters", kept.dead_letters),
        ] {
            let usable = keep.is_zero() || (DAY..=36_500 * DAY).contains(&keep);
            let shown = humantime_serde::re::humantime::format_duration(keep);
            let key = format!("sink.retention.{key}");
            problems.unless(
                usable,
                key,
                shown,
                "must be from 1day to 36500days, or 0s for ever",
            );
        }
    }
}
