//! The delivery as an effect: one attempt at a time; the runtime repeats it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use model::{Notification, Receipt, ReceiptStatus};
use outbound::Reach;
use settings::NotifierSettings;
use stage::{Attempt, Cx, Effect, Emit, IdempotencyKey, Outcome, Poison};
use tokio::time::Instant;

use super::channel::{Channel, DeliverError, Way};
use super::console::Console;
use super::verdict::{self, Verdict};
use super::webhook::{PostError, Webhook};

/// A console that cannot be written to is tried again after this.
const CONSOLE_PAUSE: Duration = Duration::from_secs(1);

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
            most: channel.max_attempts,
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
    most: u32,
}

impl Sending<'_> {
    fn to_console(&self, console: &Console) -> Outcome<Receipt> {
        match console.tell(self.notification) {
            Ok(()) => self.settled(ReceiptStatus::Delivered, None, String::new()),
            Err(error) if self.attempt.number < self.most => Outcome::Retry {
                after: CONSOLE_PAUSE,
                why: format!("the console cannot be written to: {error}"),
            },
            Err(error) => self.settled(ReceiptStatus::Failed, None, error.to_string()),
        }
    }

    async fn to_webhook(&self, webhook: &Webhook, traceparent: Option<&str>) -> Outcome<Receipt> {
        let error = match webhook.post(self.notification, self.key, traceparent).await {
            Ok(reply) => return self.settled(ReceiptStatus::Delivered, Some(reply.status), String::new()),
            Err(PostError::Call(error)) => error,
            Err(error @ PostError::Payload(_)) => {
                return Outcome::Poison(Poison::ours("unwritable", error.to_string()));
            }
        };
        let (status, why) = (error.status(), error.to_string());
        match verdict::of(&error, self.attempt.number, self.most, outbound::chance()) {
            Verdict::Delivered => self.settled(ReceiptStatus::Delivered, status, why),
            Verdict::Again(after) => Outcome::Retry { after, why },
            Verdict::GiveUp => self.settled(ReceiptStatus::Failed, status, why),
            // The receiver's word, which concerns its channel alone.
            Verdict::Dead(reason) => Outcome::Poison(Poison::receiver(
                reason,
                format!("channel {}: {why}", self.notification.channel),
            )),
        }
    }

    fn settled(&self, status: ReceiptStatus, http_status: Option<u16>, detail: String) -> Outcome<Receipt> {
        let latency = self.attempt.elapsed + self.begun.elapsed();
        Outcome::Done(Emit::One(Receipt {
            notification_id: self.notification.id.clone(),
            tenant: self.notification.tenant.clone(),
            channel: self.notification.channel.clone(),
            status,
            attempts: i32::try_from(self.attempt.number).unwrap_or(i32::MAX),
            http_status: http_status.map(i32::from),
            latency_ms: i64::try_from(latency.as_millis()).unwrap_or(i64::MAX),
            detail,
        }))
    }
}
