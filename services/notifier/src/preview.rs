//! What a channel would send of a signal or a detection, sent to nobody: for people who write templates. No I/O.

use model::Notification;
use settings::ChannelSettings;

use crate::deliver::{DeliverError, Draft, draft};
use crate::plan::{Cards, PlanInput, planned};

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// Method and origin, or what else is written to.
    pub to: String,
    /// What is sent, without the channel's secrets.
    pub body: String,
    /// The card that it is made of.
    pub title: String,
}

/// What this channel would send of it, whether or not it would hear of it.
///
/// # Errors
/// The channel cannot be used, or its template gives nothing that can be sent.
pub fn preview(channel: &ChannelSettings, cards: &Cards, input: &PlanInput) -> Result<Preview, DeliverError> {
    let notification: Notification = planned(channel, input, cards);
    let Draft { to, body } = draft(channel, &notification)?;
    Ok(Preview {
        to,
        body,
        title: notification.title,
    })
}
