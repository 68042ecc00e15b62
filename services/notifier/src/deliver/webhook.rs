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
    signers: Vec<Signer>,
    headers: HeaderMap,
    client: Client,
}

impl Webhook {
    pub(super) fn new(settings: &ChannelSettings, reach: &Reach) -> Result<Self, DeliverError> {
        let channel = || settings.name.clone();
        let url = settings.url.as_ref().map_or("", Secret::expose);
        let url = Url::parse(url).map_err(|_| DeliverError::Url { channel: channel() })?;
        let signers = settings.secret.iter().map(Signer::new);
        let signers: Vec<_> = signers
            .collect::<Result<_, _>>()
            .map_err(|error| DeliverError::Secret {
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
        Ok(Self {
            url,
            signers,
            headers: own_headers(settings),
            client,
        })
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
        let signatures = self.signers.iter();
        let signatures: Vec<_> = signatures
            .map(|signer| signer.sign(key.as_str(), timestamp, &body))
            .collect();
        let mut headers = self.headers.clone();
        let mut put = |name: &'static str, value: &str| {
            // All of ours are ASCII; a traceparent that is not is no traceparent.
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        };
        put("content-type", "application/json");
        put("webhook-id", key.as_str());
        put("webhook-timestamp", &timestamp.to_string());
        put("webhook-signature", &signatures.join(" "));
        if let Some(traceparent) = traceparent {
            put("traceparent", traceparent);
        }
        Ok(self
            .client
            .call(&Request::post(self.url.clone(), headers, body))
            .await?)
    }
}

/// The headers of the settings, which are checked there.
fn own_headers(settings: &ChannelSettings) -> HeaderMap {
    let headers = settings.headers.iter();
    let headers = headers.filter_map(|(name, value)| {
        let mut value = HeaderValue::from_str(value.expose()).ok()?;
        value.set_sensitive(true);
        Some((HeaderName::from_bytes(name.as_bytes()).ok()?, value))
    });
    headers.collect()
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
