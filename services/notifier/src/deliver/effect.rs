//! The delivery as an effect: one attempt at a time; the runtime repeats it, and leaves alone a channel that fails.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use model::{Notification, Receipt, ReceiptStatus};
use outbound::Reach;
use settings::NotifierSettings;
use stage::{Attempt, Cause, Cx, Effect, Emit, IdempotencyKey, Outcome, Part, Poison};
use tokio::time::Instant;

use super::channel::{Channel, DeliverError, Way};
use super::console::Console;
use super::verdict::{self, Verdict};
use super::webhook::{PostError, Webhook};

/// Delivers notifications. Clones share channels, their limits and breakers.
#[derive(Clone)]
pub struct DeliverEffect {
    channels: Arc<HashMap<String, Channel>>,
}

impl DeliverEffect {
    /// A delivery to the channels of the settings, as far as `reach` goes; console channels write to `console`.
    pub fn new(settings: &NotifierSettings, console: &Console, reach: &Reach) -> Result<Self, DeliverError> {
        let ready = |channel: &settings::ChannelSettings| {
            Ok((channel.name.clone(), Channel::new(channel, console, reach)?))
        };
        let channels = settings
            .channels
            .iter()
            .map(ready)
            .collect::<Result<_, DeliverError>>()?;
        Ok(Self {
            channels: Arc::new(channels),
        })
    }
}

impl Effect for DeliverEffect {
    type In = Notification;
    type Out = Receipt;

    fn idempotency_key(&self, input: &Notification) -> IdempotencyKey {
        IdempotencyKey::new(&input.id)
    }

    /// Channels share nothing: one that hangs delays no other.
    fn part(&self, key: Option<&[u8]>) -> Part {
        let channel = key.and_then(|key| key.split(|byte| *byte == b'|').next());
        let channel = channel.and_then(|channel| std::str::from_utf8(channel).ok());
        channel.map(Part::named).unwrap_or_default()
    }

    async fn perform(
        &self,
        input: &Notification,
        key: &IdempotencyKey,
        attempt: Attempt,
        cx: &Cx<'_>,
    ) -> Outcome<Receipt> {
        let Some(channel) = self.channels.get(&input.channel) else {
            let message = format!(
                "no channel `{}` is configured; add it to notifier.channels",
                input.channel
            );
            return Outcome::Poison(Poison::receiver("channel_unknown", message));
        };
        let sending = Sending {
            notification: input,
            key,
            attempt,
            begun: Instant::now(),
            retries: &channel.retries,
        };
        match &channel.way {
            Way::Console(console) => sending.to_console(console),
            Way::Webhook(webhook) => sending.to_webhook(webhook, cx.traceparent).await,
        }
    }
}

/// One attempt.
struct Sending<'a> {
    notification: &'a Notification,
    key: &'a IdempotencyKey,
    attempt: Attempt,
    begun: Instant,
    retries: &'a [Duration],
}

impl Sending<'_> {
    fn to_console(&self, console: &Console) -> Outcome<Receipt> {
        let Err(error) = console.tell(self.notification) else {
            return self.delivered(None, String::new());
        };
        let why = format!("the console cannot be written to: {error}");
        match self
            .retries
            .get(self.attempt.scheduled.saturating_sub(1) as usize)
        {
            Some(&after) => Outcome::Retry {
                after,
                why,
                cause: Cause::Part { rest: Duration::ZERO },
            },
            None => self.given_up(&why),
        }
    }

    async fn to_webhook(&self, webhook: &Webhook, traceparent: Option<&str>) -> Outcome<Receipt> {
        let error = match webhook.post(self.notification, self.key, traceparent).await {
            Ok(reply) => return self.delivered(Some(reply.status), String::new()),
            Err(PostError::Call(error)) => error,
            Err(error @ PostError::Payload(_)) => {
                return Outcome::Poison(Poison::ours("unwritable", error.to_string()));
            }
        };
        let (status, why) = (error.status(), error.to_string());
        match verdict::of(&error, self.attempt.scheduled, self.retries, outbound::chance()) {
            Verdict::Delivered => self.delivered(status, why),
            Verdict::Again(after, cause) => Outcome::Retry { after, why, cause },
            Verdict::Wait(after) => Outcome::Wait { after, why },
            Verdict::GiveUp => self.given_up(&why),
            Verdict::Dead(reason) => self.dead(reason, &why),
        }
    }

    fn given_up(&self, why: &str) -> Outcome<Receipt> {
        let Attempt { number, elapsed, .. } = self.attempt;
        let hours = elapsed.as_secs() / 3_600;
        self.dead(
            "undelivered",
            &format!("given up after {number} attempts in {hours} hours, the last of which failed: {why}"),
        )
    }

    /// The receiver's word, which concerns its channel alone.
    fn dead(&self, reason: &'static str, why: &str) -> Outcome<Receipt> {
        let channel = &self.notification.channel;
        Outcome::Poison(Poison::receiver(reason, format!("channel {channel}: {why}")))
    }

    fn delivered(&self, http_status: Option<u16>, detail: String) -> Outcome<Receipt> {
        let latency = self.attempt.elapsed + self.begun.elapsed();
        Outcome::Done(Emit::One(Receipt {
            notification_id: self.notification.id.clone(),
            tenant: self.notification.tenant.clone(),
            channel: self.notification.channel.clone(),
            status: ReceiptStatus::Delivered,
            attempts: i32::try_from(self.attempt.number).unwrap_or(i32::MAX),
            http_status: http_status.map(i32::from),
            latency_ms: i64::try_from(latency.as_millis()).unwrap_or(i64::MAX),
            detail,
        }))
    }
}
