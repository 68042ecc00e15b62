//! The kinds of receivers that are told over HTTP: one file each, behind one trait.

mod alertmanager;
mod discord;
mod incident;
mod opsgenie;
mod pagerduty;
mod slack_api;
mod slack_blocks;
mod slack_webhook;
mod statuses;
mod teams;
mod telegram;
mod webhook;

use model::Notification;
use outbound::{HeaderMap, HeaderValue, Request, Url};
use serde::Serialize;
use settings::{ChannelSettings, Secret};

use super::DeliverError;
use super::vendor::Unwritable;
use crate::text::{Escape, Template};

pub(super) use alertmanager::Alertmanager;
pub(super) use discord::Discord;
pub(super) use opsgenie::Opsgenie;
pub(super) use pagerduty::PagerDuty;
pub(super) use slack_api::SlackApi;
pub(super) use slack_webhook::SlackWebhook;
pub(super) use teams::Teams;
pub(super) use telegram::Telegram;
pub(super) use webhook::Webhook;

/// The address of the settings, or the vendor's own, with these paths behind it.
fn address(settings: &ChannelSettings, own: &str, path: &str) -> Result<Url, DeliverError> {
    let base = settings.url.as_ref().map_or(own, Secret::expose);
    let whole = format!("{}{path}", base.trim_end_matches('/'));
    Url::parse(&whole).map_err(|_| DeliverError::Url {
        channel: settings.name.clone(),
    })
}

/// The channel's template, or the one shipped for its kind.
pub(super) fn template(
    settings: &ChannelSettings,
    shipped: &'static str,
    escape: Escape,
) -> Result<Template, DeliverError> {
    let template = Template::new(shipped, settings.template.as_deref(), escape);
    template.map_err(|error| DeliverError::Template {
        channel: settings.name.clone(),
        error: error.to_string(),
    })
}

/// What the receiver knows us by; the settings see to it that it is there.
fn token(settings: &ChannelSettings) -> &str {
    settings.token.as_ref().map_or("", Secret::expose)
}

/// A POST of JSON.
fn posted(url: &Url, headers: HeaderMap, body: &impl Serialize) -> Result<Request, Unwritable> {
    let body = serde_json::to_vec(body)?;
    Ok(Request::post(url.clone(), headers, body))
}

/// How bad it is, how sure, and what it is about, in one line.
fn about(notification: &Notification) -> String {
    let Notification {
        level,
        state,
        subject,
        ..
    } = notification;
    format!("{level} · {state} · {subject}")
}

/// The headers of a JSON body.
fn json_headers() -> HeaderMap {
    let json = HeaderValue::from_static("application/json");
    HeaderMap::from_iter([(outbound::CONTENT_TYPE, json)])
}

/// The same, with a token that is never printed.
fn authorized(scheme: &str, token: &str) -> HeaderMap {
    let mut headers = json_headers();
    // The settings let no other token through.
    if let Ok(mut value) = HeaderValue::from_str(&format!("{scheme} {token}")) {
        value.set_sensitive(true);
        headers.insert(outbound::AUTHORIZATION, value);
    }
    headers
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::Duration;

    use model::Notification;
    use outbound::{Answer, HeaderMap, Request};
    use settings::{ChannelSettings, Secret};

    use super::super::vendor::{Changes, Meaning, Message, Vendor};

    /// A channel with everything that some kind needs.
    pub(crate) fn settings() -> ChannelSettings {
        ChannelSettings {
            name: "ops".to_owned(),
            token: Some(Secret::new("123:token")),
            to: Some("-100123".to_owned()),
            ..ChannelSettings::default()
        }
    }

    pub(crate) fn notification() -> Notification {
        Notification {
            id: "ntf_1".to_owned(),
            tenant: "acme".to_owned(),
            channel: "ops".to_owned(),
            origin_id: "sig_1".to_owned(),
            subject: "user:1".to_owned(),
            level: "high".to_owned(),
            state: "verified".to_owned(),
            title: "[HIGH] a < b".to_owned(),
            body: "see <https://x.example/?a=1&b=2>".to_owned(),
            time: 1_700_000_000_123,
            ..Notification::default()
        }
    }

    pub(crate) fn request_of(vendor: &dyn Vendor, notification: &Notification, changes: &Changes) -> Request {
        let message = Message {
            notification,
            key: &notification.id,
            traceparent: None,
            sent_at: 1_700_000_001,
            changes,
        };
        vendor.request(&message).unwrap()
    }

    /// The body that is sent first.
    pub(crate) fn body_of(vendor: &dyn Vendor, notification: &Notification) -> serde_json::Value {
        let request = request_of(vendor, notification, &Changes::default());
        serde_json::from_slice(&request.body).unwrap()
    }

    pub(crate) fn answer(status: u16, body: &str) -> Answer {
        Answer {
            endpoint: "https://x.example".to_owned(),
            status,
            headers: HeaderMap::new(),
            body: body.as_bytes().to_vec(),
            is_whole: true,
            retry_after: None,
        }
    }

    /// The same with `Retry-After: 7`.
    pub(crate) fn busy(status: u16, body: &str) -> Answer {
        Answer {
            retry_after: Some(Duration::from_secs(7)),
            ..answer(status, body)
        }
    }

    pub(crate) fn in_seconds(seconds: u64) -> Meaning {
        Meaning::Later {
            rest: Some(Duration::from_secs(seconds)),
        }
    }
}
