//! Carries mail: one attempt, and what came of it.

use std::num::NonZeroU32;

use model::Notification;
use outbound::{Reach, Smtp, SmtpPolicy, SmtpSecurity, Url};
use settings::{ChannelSettings, Secret};
use stage::IdempotencyKey;

use super::DeliverError;
use super::email::{self, Email};
use super::hidden::Hidden;
use super::post::{Said, seconds_now};
use super::vendor::{Changes, Message, Unwritable};

/// See the module.
pub(super) struct MailPost {
    email: Email,
    smtp: Smtp,
    hidden: Hidden,
}

impl MailPost {
    pub(super) fn new(settings: &ChannelSettings, reach: &Reach) -> Result<Self, DeliverError> {
        let wrong = || DeliverError::Url {
            channel: settings.name.clone(),
        };
        let url = Url::parse(settings.url.as_ref().map_or("", Secret::expose)).map_err(|_| wrong())?;
        let (security, port) = match url.scheme() {
            "smtps" => (SmtpSecurity::Implicit, 465),
            "smtp" => (SmtpSecurity::StartTls, 587),
            "smtp+plain" => (SmtpSecurity::Plain, 25),
            _ => return Err(wrong()),
        };
        let password = settings.password.as_ref().map_or("", Secret::expose);
        let login = settings.username.clone().map(|user| (user, password.to_owned()));
        Ok(Self {
            email: Email::new(settings)?,
            smtp: Smtp::new(SmtpPolicy {
                host: url
                    .host_str()
                    .ok_or_else(wrong)?
                    .trim_matches(['[', ']'])
                    .to_owned(),
                port: url.port().unwrap_or(port),
                security,
                login,
                timeout: settings.timeout,
                rate_per_s: settings.rate_per_s.and_then(NonZeroU32::new),
                networks: reach.clone().with_private(settings.allow_private).networks,
                authorities: Vec::new(),
            })?,
            hidden: Hidden::of(settings),
        })
    }

    /// One attempt.
    pub(super) async fn send(
        &self,
        notification: &Notification,
        key: &IdempotencyKey,
    ) -> Result<Said, Unwritable> {
        let letter = self.email.letter(&Message {
            notification,
            key: key.as_str(),
            traceparent: None,
            sent_at: seconds_now(),
            changes: &Changes::default(),
        })?;
        Ok(match self.smtp.send(&letter.envelope, &letter.bytes).await {
            Ok(answer) => {
                let shown = || format!("{} answered {}: {}", answer.endpoint, answer.code, answer.text);
                Said::answered(email::meaning(&answer), None, shown, &self.hidden)
            }
            Err(error) => Said::unanswered(&error, &self.hidden),
        })
    }
}
