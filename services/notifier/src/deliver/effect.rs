//! The delivery as an effect: one attempt at a time; the runtime repeats it, and leaves alone a channel that fails.

use std::convert::Infallible;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use model::{Millis, Notification, Receipt, ReceiptStatus};
use settings::Watched;
use stage::{Attempt, Cause, Cx, Effect, Emit, IdempotencyKey, Outcome, Part, Poison};
use tokio::time::Instant;

use super::channel::Way;
use super::console::Console;
use super::ledger::Ledger;
use super::post::Said;
use super::vendor::Unwritable;
use super::verdict::{self, Verdict};
use crate::Channels;

/// How soon is looked again whether the states of channels are known.
const LOOK_AGAIN: Duration = Duration::from_millis(250);
/// The reason of a notification whose attempts are used up.
const GIVEN_UP: &str = "undelivered";

/// Delivers notifications. Clones share channels and their limits.
#[derive(Clone)]
pub struct DeliverEffect {
    channels: Watched<Channels>,
    ledger: Ledger,
}

impl DeliverEffect {
    /// A delivery to these channels, which notes in `ledger` how they fare, and leaves out those that are disabled there.
    pub fn new(channels: &Watched<Channels>, ledger: &Ledger) -> Self {
        Self {
            channels: channels.clone(),
            ledger: ledger.clone(),
        }
    }
}

impl Effect for DeliverEffect {
    type In = Notification;
    type Out = Receipt;
    type Stores = ();
    type Memory = Infallible;

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
        _: Option<Infallible>,
        cx: &Cx<'_>,
    ) -> Outcome<Receipt> {
        let channels = self.channels.load();
        let Some(channel) = channels.get(&input.channel) else {
            let message = format!(
                "no channel `{}` is configured; add it to notifier.channels",
                input.channel
            );
            return Outcome::Poison(Poison::receiver("channel_unknown", message));
        };
        // Planned when the channel was for others too.
        if !channel.is_for(&input.tenant) {
            let (channel, tenant) = (&input.channel, &input.tenant);
            let message = format!("channel {channel} is not for tenant {tenant}; see its `tenants`");
            return Outcome::Poison(Poison::receiver("channel_of_others", message));
        }
        if self.ledger.is_unread() {
            return Outcome::Wait {
                after: LOOK_AGAIN,
                why: "it is not known yet which channels are disabled".to_owned(),
            };
        }
        // What somebody puts back goes out, so that one can see whether the receiver is there again.
        if let Some(reason) = self.ledger.disabled(&input.channel).filter(|_| !attempt.replayed) {
            let message = format!(
                "channel {channel} is disabled ({reason}); see that its receiver is there, then `sluicebox notifications \
                 enable {channel}` and `sluicebox dlq replay --reason channel_disabled`",
                channel = input.channel
            );
            return Outcome::Poison(Poison::receiver("channel_disabled", message));
        }
        let sending = Sending {
            notification: input,
            attempt,
            begun: Instant::now(),
            retries: &channel.retries,
        };
        let (outcome, disabled) = match &channel.way {
            Way::Console(console) => (sending.to_console(console), None),
            Way::Post(post) => sending.settled(post.send(input, key, cx.traceparent).await),
            Way::Mail(mail) => sending.settled(mail.send(input, key).await),
        };
        match disabled {
            Some(reason) => self.ledger.gone(&input.channel, millis_now(), reason),
            None => self.note(&input.channel, &outcome),
        }
        outcome
    }
}

impl DeliverEffect {
    /// What an outcome says of the channel.
    fn note(&self, channel: &str, outcome: &Outcome<Receipt>) {
        let now = millis_now();
        match outcome {
            Outcome::Done(_) => self.ledger.succeeded(channel, now),
            Outcome::Poison(poison) if poison.reason == GIVEN_UP => self.ledger.failed(channel, now),
            Outcome::Retry {
                cause: Cause::Part { .. },
                ..
            } => self.ledger.failed(channel, now),
            _ => {}
        }
    }
}

fn millis_now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX)
}

/// One attempt.
struct Sending<'a> {
    notification: &'a Notification,
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

    /// The outcome, and why the channel is disabled, if it is.
    fn settled(&self, said: Result<Said, Unwritable>) -> (Outcome<Receipt>, Option<&'static str>) {
        let said = match said {
            Ok(said) => said,
            Err(error) => return (self.dead("template", &error.to_string()), None),
        };
        let why = said.why;
        let outcome = match verdict::of(
            &said.meaning,
            self.attempt.scheduled,
            self.retries,
            outbound::chance(),
        ) {
            Verdict::Delivered => self.delivered(said.status, why),
            Verdict::Again(after, cause) => Outcome::Retry { after, why, cause },
            Verdict::Wait(after) => Outcome::Wait { after, why },
            Verdict::GiveUp => self.given_up(&why),
            Verdict::Dead(reason) => self.dead(reason, &why),
            Verdict::Disable(reason) => return (self.dead(reason, &why), Some(reason)),
        };
        (outcome, None)
    }

    fn given_up(&self, why: &str) -> Outcome<Receipt> {
        let Attempt { number, elapsed, .. } = self.attempt;
        let hours = elapsed.as_secs() / 3_600;
        self.dead(
            GIVEN_UP,
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
