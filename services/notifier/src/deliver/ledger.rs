//! What is known of the channels of a process: shared by its lanes, and with other processes through a topic, which
//! whoever runs it reads and writes.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use model::{ChannelState, Millis};

use super::standing::Standing;

/// See the module. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Ledger(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    channels: BTreeMap<String, Standing>,
    unread: bool,
    /// What is to be written, oldest first.
    news: VecDeque<ChannelState>,
}

impl Ledger {
    /// One of which the topic has yet to be read: nothing is delivered before [`Ledger::opened`].
    pub fn unread() -> Self {
        let ledger = Self::default();
        ledger.inner().unread = true;
        ledger
    }

    /// The topic was read to its end.
    pub fn opened(&self) {
        self.inner().unread = false;
    }

    pub(super) fn is_unread(&self) -> bool {
        self.inner().unread
    }

    /// A record of the topic was read.
    pub fn heard(&self, state: &ChannelState) {
        self.inner().standing(&state.channel).heard(state);
    }

    /// What is to be written next; it stays so until [`Ledger::written`].
    pub fn news(&self) -> Option<ChannelState> {
        self.inner().news.front().cloned()
    }

    /// The next of the news is written.
    pub fn written(&self) {
        self.inner().news.pop_front();
    }

    /// What is known of each channel.
    pub fn states(&self) -> Vec<ChannelState> {
        let inner = self.inner();
        let states = inner.channels.values().map(Standing::state);
        states.filter(|state| state.time > 0).cloned().collect()
    }

    /// Why nothing goes to the channel, if it is disabled.
    pub(super) fn disabled(&self, channel: &str) -> Option<String> {
        let inner = self.inner();
        let state = inner.channels.get(channel)?.state();
        (!state.enabled).then(|| state.reason.clone())
    }

    pub(super) fn succeeded(&self, channel: &str, now: Millis) {
        self.note(channel, |standing| standing.succeeded(now));
    }

    pub(super) fn failed(&self, channel: &str, now: Millis) {
        self.note(channel, |standing| standing.failed(now));
    }

    pub(super) fn gone(&self, channel: &str, now: Millis, reason: &str) {
        self.note(channel, |standing| standing.gone(now, reason));
    }

    fn note(&self, channel: &str, change: impl FnOnce(&mut Standing) -> Option<ChannelState>) {
        let mut inner = self.inner();
        if let Some(news) = change(inner.standing(channel)) {
            if !news.enabled {
                tracing::error!(
                    channel,
                    reason = news.reason,
                    "the channel is disabled; what is for it becomes a dead letter until \
                     `sluicebox notifications enable {channel}`"
                );
            }
            inner.news.push_back(news);
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn standing(&mut self, channel: &str) -> &mut Standing {
        let standing = self.channels.entry(channel.to_owned());
        standing.or_insert_with(|| Standing::new(channel))
    }
}
