//! A channel of the settings, ready to be used.

use std::sync::Arc;
use std::time::Duration;

use outbound::{ClientError, Reach};
use settings::{ChannelKind, ChannelSettings};

use super::console::Console;
use super::mail::MailPost;
use super::post::Post;
use super::signature::SignerError;
use super::vendor::Vendor;
use super::vendors::{
    Alertmanager, Discord, Opsgenie, PagerDuty, SlackApi, SlackWebhook, Teams, Telegram, Webhook,
};

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
    /// An address of its mail is none.
    #[error(
        "channel {channel}: `{address}` is no mail address; write it like ann@example.com or Ann <ann@example.com>"
    )]
    Address {
        /// The channel.
        channel: String,
        /// What stands there.
        address: String,
    },
    /// Its template can never give a message.
    #[error("channel {channel}: its template cannot be used: {error}")]
    Template {
        /// The channel.
        channel: String,
        /// What is wrong with the template, and where.
        error: String,
    },
    /// No HTTP client can be had.
    #[error(transparent)]
    Client(#[from] ClientError),
}

#[derive(Clone)]
pub(super) enum Way {
    Post(Arc<Post>),
    Mail(Arc<MailPost>),
    Console(Console),
}

impl Way {
    fn new(settings: &ChannelSettings, console: &Console, reach: &Reach) -> Result<Self, DeliverError> {
        if settings.kind == ChannelKind::Email {
            return Ok(Self::Mail(Arc::new(MailPost::new(settings, reach)?)));
        }
        Ok(match vendor(settings)? {
            Some(vendor) => Self::Post(Arc::new(Post::new(vendor, settings, reach)?)),
            None => Self::Console(console.clone()),
        })
    }
}

/// Who is told over HTTP; none where nobody is.
pub(super) fn vendor(settings: &ChannelSettings) -> Result<Option<Box<dyn Vendor>>, DeliverError> {
    Ok(Some(match settings.kind {
        ChannelKind::Console | ChannelKind::Email => return Ok(None),
        ChannelKind::Webhook => Box::new(Webhook::new(settings)?),
        ChannelKind::Telegram => Box::new(Telegram::new(settings)?),
        ChannelKind::Slack if settings.token.is_some() => Box::new(SlackApi::new(settings)?),
        ChannelKind::Slack => Box::new(SlackWebhook::new(settings)?),
        ChannelKind::Discord => Box::new(Discord::new(settings)?),
        ChannelKind::Teams => Box::new(Teams::new(settings)?),
        ChannelKind::Pagerduty => Box::new(PagerDuty::new(settings)?),
        ChannelKind::Opsgenie => Box::new(Opsgenie::new(settings)?),
        ChannelKind::Alertmanager => Box::new(Alertmanager::new(settings)?),
    }))
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
        Ok(Self {
            way: Way::new(settings, console, reach)?,
            retries: settings.waits(),
            settings: settings.clone(),
        })
    }

    /// Whether what is of this tenant may go there.
    pub(super) fn is_for(&self, tenant: &str) -> bool {
        self.settings.is_for(tenant)
    }
}
