//! A channel of the settings, ready to be used.

use std::time::Duration;

use outbound::{ClientError, Reach};
use settings::{ChannelKind, ChannelSettings};

use super::console::Console;
use super::signature::SignerError;
use super::webhook::Webhook;

/// Why a channel cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DeliverError {
    /// Its address is none.
    #[error("channel {channel}: its url is not a URL; write it like https://host/path")]
    Url {
        /// The channel.
        channel: String,
    },
    /// Its secret cannot sign.
    #[error("channel {channel}: {error}")]
    Secret {
        /// The channel.
        channel: String,
        /// What is wrong with the secret.
        error: SignerError,
    },
    /// No HTTP client can be had.
    #[error(transparent)]
    Client(#[from] ClientError),
}

#[derive(Clone)]
pub(super) enum Way {
    Webhook(Box<Webhook>),
    Console(Console),
}

#[derive(Clone)]
pub(crate) struct Channel {
    pub(super) way: Way,
    /// The waits before the second attempt and those that follow.
    pub(super) retries: Vec<Duration>,
    settings: ChannelSettings,
}

impl Channel {
    pub(crate) fn new(
        settings: &ChannelSettings,
        console: &Console,
        reach: &Reach,
    ) -> Result<Self, DeliverError> {
        let way = match settings.kind {
            ChannelKind::Webhook => Way::Webhook(Box::new(Webhook::new(settings, reach)?)),
            ChannelKind::Console => Way::Console(console.clone()),
        };
        Ok(Self {
            way,
            retries: settings.waits(),
            settings: settings.clone(),
        })
    }

    /// Whether what is of this tenant may go there.
    pub(super) fn is_for(&self, tenant: &str) -> bool {
        self.settings.is_for(tenant)
    }
}
