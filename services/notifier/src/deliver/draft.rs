//! What a channel would send, for a look at it. No I/O.

use model::Notification;
use settings::{ChannelKind, ChannelSettings};

use super::DeliverError;
use super::channel::vendor;
use super::console::Console;
use super::email::Email;
use super::hidden::Hidden;
use super::vendor::{Changes, Message, Unwritable};

/// See the module.
pub(crate) struct Draft {
    pub(crate) to: String,
    pub(crate) body: String,
}

/// What this channel would send, without its secrets.
pub(crate) fn draft(channel: &ChannelSettings, notification: &Notification) -> Result<Draft, DeliverError> {
    let message = Message {
        notification,
        key: &notification.id,
        traceparent: None,
        sent_at: notification.time / 1_000,
        changes: &Changes::default(),
    };
    let unwritable = |error: Unwritable| DeliverError::Template {
        channel: channel.name.clone(),
        error: error.to_string(),
    };
    if channel.kind == ChannelKind::Email {
        let letter = Email::new(channel)?.letter(&message).map_err(unwritable)?;
        return Ok(Draft {
            to: channel.to.clone().unwrap_or_default(),
            body: String::from_utf8_lossy(&letter.bytes).replace('\r', ""),
        });
    }
    let Some(vendor) = vendor(channel)? else {
        return Ok(Draft {
            to: "standard output".to_owned(),
            body: Console::line(notification),
        });
    };
    let request = vendor.request(&message).map_err(unwritable)?;
    let body = String::from_utf8_lossy(&request.body);
    Ok(Draft {
        to: format!("{request:?}"),
        body: Hidden::of(channel).out_of(&readable(&body)),
    })
}

/// JSON on several lines; anything else as it is.
fn readable(body: &str) -> String {
    let json = serde_json::from_str::<serde_json::Value>(body).ok();
    let json = json.and_then(|json| serde_json::to_string_pretty(&json).ok());
    json.unwrap_or_else(|| body.to_owned())
}
