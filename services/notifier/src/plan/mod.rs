//! Who is told of what. No Kafka, no clock, no I/O but the watched templates.

mod cards;
mod input;
mod stage;
mod stores;
mod subscription;
mod writing;

use model::Notification;
use settings::ChannelSettings;

pub use cards::{Cards, open_cards};
pub use input::PlanInput;
pub use stage::PlanStage;
pub use stores::PlannedStores;

/// The notification that would tell this channel of it, whether or not it wants to hear.
pub(crate) fn planned(channel: &ChannelSettings, input: &PlanInput, cards: &Cards) -> Notification {
    let id = writing::identity(&channel.name, input);
    writing::notification(&id, channel, input, cards)
}
