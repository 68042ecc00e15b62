//! Carries the requests of a vendor: sends one, and again where the receiver wants it otherwise, once for each change.

use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use model::Notification;
use outbound::{BreakerPolicy, CallError, Client, ClientError, Policy, Reach};
use settings::ChannelSettings;
use stage::IdempotencyKey;

use super::hidden::Hidden;
use super::vendor::{Change, Changes, Meaning, Message, Unwritable, Vendor};
use super::verdict::REFUSED;

/// What a receiver answers is of interest only where it refuses.
const MAX_ANSWER: usize = 64 * 1024;
/// A receiver may ask for a day; who asks for more is asked again after one.
pub(super) const LONGEST_WAIT: Duration = Duration::from_hours(24);
/// How often one attempt is sent otherwise, or waits to be: a receiver may ask for changes for ever.
const MOST_CHANGES: usize = 6;
/// How long an attempt waits for the rate before it is sent otherwise; a slot is not for waiting longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// See the module.
pub(super) struct Post {
    vendor: Box<dyn Vendor>,
    client: Client,
    hidden: Hidden,
    /// The chat that took the place of the one in the settings.
    moved_to: Mutex<Option<String>>,
}

/// What came of an attempt.
pub(super) struct Said {
    pub(super) meaning: Meaning,
    pub(super) status: Option<u16>,
    /// For people; empty for what was taken.
    pub(super) why: String,
}

impl Said {
    /// The receiver answered; `shown` is the answer for people.
    pub(super) fn answered(
        meaning: Meaning,
        status: Option<u16>,
        shown: impl FnOnce() -> String,
        hidden: &Hidden,
    ) -> Self {
        let why = match meaning {
            Meaning::Taken => String::new(),
            _ => hidden.out_of(&shown()),
        };
        Self { meaning, status, why }
    }

    /// There was no answer.
    pub(super) fn unanswered(error: &CallError, hidden: &Hidden) -> Self {
        Self {
            meaning: without_answer(error),
            status: None,
            why: hidden.out_of(&error.to_string()),
        }
    }
}

impl Post {
    pub(super) fn new(
        vendor: Box<dyn Vendor>,
        settings: &ChannelSettings,
        reach: &Reach,
    ) -> Result<Self, ClientError> {
        let rate = settings.rate_per_s.and_then(NonZeroU32::new);
        // The runtime repeats: its waits outlive a rebalance and do not hold a call open.
        let client = Client::new(Policy {
            timeout: settings.timeout,
            // A slot is not for waiting: the runtime waits for room.
            total: Duration::ZERO,
            max_attempts: 1,
            // The runtime leaves a channel alone that fails; two breakers would wait for each other.
            breaker: BreakerPolicy {
                failures: u32::MAX,
                ..BreakerPolicy::default()
            },
            rate_per_s: rate.or_else(|| vendor.rate_per_s()),
            wanted: vendor.wanted(),
            max_response_bytes: MAX_ANSWER,
            retry_after_cap: LONGEST_WAIT,
            reach: reach.clone().with_private(settings.allow_private),
            ..Policy::default()
        })?;
        Ok(Self {
            vendor,
            client,
            hidden: Hidden::of(settings),
            moved_to: Mutex::default(),
        })
    }

    /// One attempt.
    pub(super) async fn send(
        &self,
        notification: &Notification,
        key: &IdempotencyKey,
        traceparent: Option<&str>,
    ) -> Result<Said, Unwritable> {
        let mut changes = Changes {
            to: self.moved_to(),
            ..Changes::default()
        };
        let mut last = self.ask(notification, key, traceparent, &changes).await?;
        for _ in 0..MOST_CHANGES {
            match last.meaning {
                Meaning::Otherwise(change) => {
                    self.note(notification, &change);
                    if !changes.make(change) {
                        let meaning = Meaning::Never(REFUSED);
                        return Ok(Said { meaning, ..last });
                    }
                }
                // Without an attempt the runtime would begin anew, with what was refused.
                Meaning::NoRoom(rest) if is_changed(&changes) => {
                    if rest > LONGEST_PAUSE {
                        break;
                    }
                    tokio::time::sleep(rest).await;
                }
                _ => return Ok(last),
            }
            last = self.ask(notification, key, traceparent, &changes).await?;
        }
        let meaning = match last.meaning {
            Meaning::Otherwise(_) => Meaning::Never(REFUSED),
            Meaning::NoRoom(rest) if is_changed(&changes) => Meaning::Later { rest: Some(rest) },
            meaning => meaning,
        };
        Ok(Said { meaning, ..last })
    }

    async fn ask(
        &self,
        notification: &Notification,
        key: &IdempotencyKey,
        traceparent: Option<&str>,
        changes: &Changes,
    ) -> Result<Said, Unwritable> {
        let request = self.vendor.request(&Message {
            notification,
            key: key.as_str(),
            traceparent,
            sent_at: seconds_now(),
            changes,
        })?;
        Ok(match self.client.ask(&request).await {
            Ok(answer) => {
                let meaning = self.vendor.meaning(&answer);
                Said::answered(meaning, Some(answer.status), || answer.shown(), &self.hidden)
            }
            Err(error) => Said::unanswered(&error, &self.hidden),
        })
    }

    fn note(&self, notification: &Notification, change: &Change) {
        let Change::To(to) = change else { return };
        tracing::warn!(
            channel = notification.channel,
            to,
            "the chat has a new number; write it into `to` of the channel"
        );
        *self.moved_to.lock().unwrap_or_else(PoisonError::into_inner) = Some(to.clone());
    }

    fn moved_to(&self) -> Option<String> {
        self.moved_to
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// Whether something was sent in this attempt already.
const fn is_changed(changes: &Changes) -> bool {
    changes.is_shorter || changes.is_plain
}

/// What it means that there is no answer.
fn without_answer(error: &CallError) -> Meaning {
    match error {
        CallError::Forbidden { .. } => Meaning::Never("address_forbidden"),
        CallError::Open { retry_in, .. } | CallError::Throttled { retry_in, .. } => {
            Meaning::NoRoom(*retry_in)
        }
        _ => Meaning::LATER,
    }
}

/// Receivers refuse what was signed more than five minutes ago, so every attempt is signed anew.
pub(super) fn seconds_now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
