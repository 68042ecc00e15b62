//! What one process learns of channels, others learn too: through the topic of their states, which is read outside the
//! group of the stage. Disabled channels show in health; the process stays ready, since the others are well.

use crate::failure::Failure;
use model::{ChannelState, Decoder};
use notifier::Ledger;
use runtime::Publisher;
use runtime::admin::Admin;
use std::collections::HashMap;
use std::time::Duration;
use telemetry::{Component, Health};
use topology::Topic;

const LOOK: Duration = Duration::from_secs(5);

/// See the module.
pub(super) struct ChannelWatch {
    pub(super) ledger: Ledger,
    pub(super) publisher: Publisher,
    pub(super) admin: Admin,
    pub(super) decoder: Decoder,
    pub(super) health: Health,
}

impl ChannelWatch {
    /// Writes and reads, again and again; nothing is delivered before it was read once. A broker that is away shows in the lanes' health; here it is asked later.
    pub(super) async fn go_on(mut self) {
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let (mut seen, mut components) = (None, HashMap::new());
        loop {
            look.tick().await;
            self.write().await;
            match self.admin.ends(Topic::NotificationsChannels).await {
                Ok(ends) if seen.as_ref() != Some(&ends) => match self.read().await {
                    Ok(()) => seen = Some(ends),
                    Err(error) => tracing::debug!(%error, "the states of channels cannot be read now"),
                },
                Ok(_) => {}
                Err(error) => tracing::debug!(%error, "the states of channels cannot be read now"),
            }
            self.show(&mut components);
        }
    }

    /// What is not written now is written the next time; reading it twice does no harm.
    async fn write(&self) {
        while let Some(news) = self.ledger.news() {
            if let Err(error) = self.publisher.publish(&news, None).await {
                tracing::warn!(%error, channel = news.channel, "the state of a channel cannot be written now");
                return;
            }
            self.ledger.written();
        }
    }

    async fn read(&mut self) -> Result<(), Failure> {
        let topic = [Topic::NotificationsChannels.name().to_owned()];
        for record in self.admin.read_latest(&topic).await? {
            let value = record.value.unwrap_or_default();
            match tokio::task::block_in_place(|| self.decoder.decode::<ChannelState>(&value)) {
                Ok(state) => self.ledger.heard(&state),
                Err(error) => tracing::warn!(%error, offset = record.offset, "no state of a channel"),
            }
        }
        self.ledger.opened();
        Ok(())
    }

    fn show(&self, components: &mut HashMap<String, Component>) {
        for state in self.ledger.states() {
            let name = format!("channel-{}", state.channel);
            let component = components
                .entry(name.clone())
                .or_insert_with(|| self.health.component(name));
            component.ready(if state.enabled {
                "enabled".to_owned()
            } else {
                format!(
                    "disabled ({}); `sluicebox notifications enable {}` once its receiver is there",
                    state.reason, state.channel
                )
            });
        }
    }
}
