//! A channel that posts JSON with a Standard Webhooks signature.

use std::num::NonZeroU32;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use model::Notification;
use outbound::{
    BreakerPolicy, CallError, Client, HeaderMap, HeaderName, HeaderValue, Policy, Reach, Reply, Request, Url,
    Wanted,
};
use settings::{ChannelSettings, Secret};
use stage::IdempotencyKey;

use super::channel::DeliverError;
use super::payload;
use super::signature::Signer;

/// What a receiver answers is of interest only where it refuses.
const MAX_ANSWER: usize = 64 * 1024;
/// A receiver may ask for a day; who asks for more is asked again after one.
const LONGEST_WAIT: Duration = Duration::from_hours(24);

#[derive(Clone)]
pub(super) struct Webhook {
    url: Url,
    signer: Signer,
    client: Client,
}

impl Webhook {
    pub(super) fn new(settings: &ChannelSettings, reach: &Reach) -> Result<Self, DeliverError> {
        let channel = || settings.name.clone();
        let url = settings.url.as_deref().unwrap_or_default();
        let url = Url::parse(url).map_err(|_| DeliverError::Url { channel: channel() })?;
        let secret = settings.secret.clone().unwrap_or_else(|| Secret::new(""));
        let signer = Signer::new(&secret).map_err(|error| DeliverError::Secret {
            channel: channel(),
            error,
        })?;
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
            rate_per_s: settings.rate_per_s.and_then(NonZeroU32::new),
            wanted: Wanted::Status,
            max_response_bytes: MAX_ANSWER,
            retry_after_cap: LONGEST_WAIT,
            reach: reach.clone().with_private(settings.allow_private),
            ..Policy::default()
        })?;
        Ok(Self { url, signer, client })
    }

    /// One attempt.
    pub(super) async fn post(
        &self,
        notification: &Notification,
        key: &IdempotencyKey,
        traceparent: Option<&str>,
    ) -> Result<Reply, PostError> {
        let body = payload::json(notification)?;
        let timestamp = seconds_now();
        let signature = self.signer.sign(key.as_str(), timestamp, &body);
        let mut headers = HeaderMap::new();
        let mut put = |name: &'static str, value: &str| {
            // All of ours are ASCII; a traceparent that is not is no traceparent.
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        };
        put("content-type", "application/json");
        put("webhook-id", key.as_str());
        put("webhook-timestamp", &timestamp.to_string());
        put("webhook-signature", &signature);
        if let Some(traceparent) = traceparent {
            put("traceparent", traceparent);
        }
        Ok(self
            .client
            .call(&Request::post(self.url.clone(), headers, body))
            .await?)
    }
}

/// Why an attempt did not succeed.
#[derive(Debug, thiserror::Error)]
pub(super) enum PostError {
    #[error(transparent)]
    Call(#[from] CallError),
    #[error("the notification cannot be written as JSON: {0}")]
    Payload(#[from] serde_json::Error),
}

/// Receivers refuse what was signed more than five minutes ago, so every attempt is signed anew.
fn seconds_now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
