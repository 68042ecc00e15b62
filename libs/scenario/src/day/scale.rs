//! How much of everything a day of some size holds.

use super::EVENTS;

/// How often each thing happens.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    share: f64,
    /// Records that are sent again.
    pub(super) duplicates: usize,
}

impl Scale {
    pub(super) fn of(events: usize) -> Self {
        let share = (events as f64 / EVENTS as f64).clamp(0.1, 4.0);
        Self {
            share,
            duplicates: events / 16,
        }
    }

    /// This many in a day of the usual size; at least one in any.
    pub(super) fn times(&self, usual: u32) -> u32 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a small number"
        )]
        let scaled = (f64::from(usual) * self.share).round() as u32;
        scaled.max(1)
    }
}
