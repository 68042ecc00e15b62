//! Whether a channel is enabled, and since when it fails. No Kafka, no clock, no I/O: time is passed in.
//!
//! A channel whose receiver says that it is gone, or refuses our token, is disabled, and so is one to which nothing could
//! be delivered for five days (Standard Webhooks, "Disabling endpoints"). What is for it becomes a dead letter then;
//! somebody enables it again. What is known is kept in a record of the channel, of which the newest holds, whoever writes
//! it.

use model::{ChannelState, Millis};

const MINUTE: Millis = 60_000;
/// For so long a channel may fail before it is disabled.
const PATIENCE: Millis = 5 * 24 * 60 * MINUTE;
/// A channel that fails for longer than this is told of, so that a restart does not begin to count anew.
const WORTH_TELLING: Millis = 10 * MINUTE;
/// Who says so.
const BY: &str = "notifier-deliver";

/// See the module.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Standing {
    /// The newest record.
    told: ChannelState,
    failing_since: Option<Millis>,
}

impl Standing {
    /// A channel of which nothing is known.
    pub(super) fn new(channel: &str) -> Self {
        Self {
            told: ChannelState {
                channel: channel.to_owned(),
                enabled: true,
                ..ChannelState::default()
            },
            failing_since: None,
        }
    }

    /// The newest record.
    pub(super) const fn state(&self) -> &ChannelState {
        &self.told
    }

    /// A record of the channel was read; an older one than is known changes nothing.
    pub(super) fn heard(&mut self, state: &ChannelState) {
        if state.time > self.told.time {
            self.failing_since = state.failing_since;
            self.told.clone_from(state);
        }
    }

    /// A delivery succeeded. Gives what is to be told, if anything.
    pub(super) fn succeeded(&mut self, now: Millis) -> Option<ChannelState> {
        self.failing_since = None;
        self.told.failing_since?;
        let enabled = self.told.enabled;
        Some(self.tell(now, enabled, "recovered"))
    }

    /// A delivery failed in a way that speaks of the channel. Gives what is to be told, if anything.
    pub(super) fn failed(&mut self, now: Millis) -> Option<ChannelState> {
        let since = *self.failing_since.get_or_insert(now);
        if !self.told.enabled {
            return None;
        }
        if now.saturating_sub(since) >= PATIENCE {
            return Some(self.tell(now, false, "failing"));
        }
        let is_news = self.told.failing_since.is_none() && now.saturating_sub(since) >= WORTH_TELLING;
        is_news.then(|| self.tell(now, true, "failing"))
    }

    /// The receiver says that it takes nothing until a person has mended something. Gives what is to be told, if that is
    /// news.
    pub(super) fn gone(&mut self, now: Millis, reason: &str) -> Option<ChannelState> {
        self.told.enabled.then(|| self.tell(now, false, reason))
    }

    fn tell(&mut self, now: Millis, enabled: bool, reason: &str) -> ChannelState {
        self.told = ChannelState {
            channel: self.told.channel.clone(),
            enabled,
            // Newer than what it takes the place of, also where this clock is behind.
            time: now.max(self.told.time + 1),
            failing_since: self.failing_since,
            reason: reason.to_owned(),
            by: BY.to_owned(),
        };
        self.told.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Millis = 24 * 60 * MINUTE;

    #[test]
    fn a_channel_that_fails_for_five_days_is_disabled_and_told_of_twice() {
        let mut standing = Standing::new("ops");
        let told = (0..=5 * 24).filter_map(|hour| standing.failed(1 + hour * 60 * MINUTE));
        let told: Vec<_> = told
            .map(|state| (state.enabled, state.reason, state.failing_since))
            .collect();
        let failing = |enabled| (enabled, "failing".to_owned(), Some(1));
        assert_eq!(told, [failing(true), failing(false)]);
        assert_eq!(standing.failed(9 * DAY), None);
    }

    #[test]
    fn one_success_begins_the_count_anew() {
        let mut standing = Standing::new("ops");
        standing.failed(1);
        assert!(standing.failed(4 * DAY).is_some_and(|state| state.enabled));
        let told = standing.succeeded(4 * DAY + 1).unwrap();
        assert_eq!((told.enabled, told.failing_since), (true, None));
        assert_eq!(standing.succeeded(4 * DAY + 2), None, "that is no news");
        assert_eq!(standing.failed(6 * DAY), None);
    }

    #[test]
    fn the_count_goes_on_after_a_restart() {
        let mut before = Standing::new("ops");
        before.failed(1);
        let told = before.failed(DAY).unwrap();
        let mut after = Standing::new("ops");
        after.heard(&told);
        assert!(after.failed(5 * DAY + 1).is_some_and(|state| !state.enabled));
    }

    #[test]
    fn who_is_gone_is_disabled_until_somebody_enables_it() {
        let mut standing = Standing::new("ops");
        let gone = standing.gone(7, "http_410").unwrap();
        assert!(!gone.enabled && standing.gone(8, "http_410").is_none());
        standing.succeeded(9);
        assert!(!standing.state().enabled, "a success by hand enables nothing");
        let enabled = ChannelState {
            enabled: true,
            time: gone.time + 1,
            ..gone.clone()
        };
        standing.heard(&enabled);
        assert!(standing.state().enabled);
        standing.heard(&gone);
        assert!(standing.state().enabled, "what is older is not heard");
        assert!(
            standing
                .gone(0, "http_410")
                .is_some_and(|state| state.time > enabled.time)
        );
    }
}
