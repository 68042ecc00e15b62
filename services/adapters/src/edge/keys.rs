//! Who may post: API keys, compared in constant time, each with its own rate.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use settings::{AdaptersSettings, AuthMode};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

use crate::problem::Problem;

/// The keys that are let in. Their number is fixed, and so is the number of rate limiters.
pub(super) struct Keys {
    required: bool,
    digests: Vec<[u8; 32]>,
    /// One a key, then one for everybody without a key.
    rates: Option<Vec<DefaultDirectRateLimiter>>,
}

impl Keys {
    /// The keys of the settings. Without any, nobody is let in unless keys are not required.
    pub(super) fn new(settings: &AdaptersSettings) -> Self {
        let keys = settings.api_keys.iter().filter(|key| !key.is_empty());
        let digests: Vec<[u8; 32]> = keys.map(|key| Sha256::digest(key.expose()).into()).collect();
        let required = settings.auth == AuthMode::Required;
        if required && digests.is_empty() {
            tracing::warn!(
                "no API key is set, so every request is refused; set adapters.api_keys or adapters.auth"
            );
        }
        let quota = settings
            .rate_per_s
            .and_then(NonZeroU32::new)
            .map(Quota::per_second);
        let rates = quota.map(|quota| (0..=digests.len()).map(|_| RateLimiter::direct(quota)).collect());
        Self {
            required,
            digests,
            rates,
        }
    }

    /// Whose request it is: the number of the key, or one beyond the last when keys are not required.
    fn owner(&self, headers: &HeaderMap) -> Option<usize> {
        let known = given(headers).find_map(|key| self.find(key));
        known.or_else(|| (!self.required).then_some(self.digests.len()))
    }

    /// Digests make all keys equally long; every one is compared, so that time tells nothing.
    fn find(&self, key: &[u8]) -> Option<usize> {
        let digest: [u8; 32] = Sha256::digest(key).into();
        let mut found = u32::MAX;
        for (number, known) in (0_u32..).zip(&self.digests) {
            let same: Choice = known.ct_eq(&digest);
            found.conditional_assign(&number, same);
        }
        usize::try_from(found)
            .ok()
            .filter(|number| *number < self.digests.len())
    }

    fn wait(&self, owner: usize) -> Option<Duration> {
        let rate = self.rates.as_ref()?.get(owner)?;
        rate.check()
            .err()
            .map(|not_until| not_until.wait_time_from(DefaultClock::default().now()))
    }
}

/// Keys that a request shows: `X-API-Key`, and `Authorization: Bearer`.
fn given(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    let bearer = headers.get(AUTHORIZATION).and_then(|value| {
        let (scheme, key) = value.as_bytes().split_at_checked(7)?;
        scheme.eq_ignore_ascii_case(b"bearer ").then(|| key.trim_ascii())
    });
    headers
        .get("x-api-key")
        .map(|key| key.as_bytes().trim_ascii())
        .into_iter()
        .chain(bearer)
}

/// Lets a request in that shows a key, as often as its rate allows.
pub(super) async fn admit(State(keys): State<Arc<Keys>>, request: Request, next: Next) -> Response {
    let Some(owner) = keys.owner(request.headers()) else {
        return unknown(given(request.headers()).next().is_some()).into_response();
    };
    match keys.wait(owner) {
        Some(wait) => too_often(wait).into_response(),
        None => next.run(request).await,
    }
}

fn unknown(shown: bool) -> Problem {
    let (detail, challenge) = if shown {
        (
            "this API key is not known; use one of adapters.api_keys",
            "Bearer realm=\"sluicebox\", error=\"invalid_token\"",
        )
    } else {
        (
            "send an API key as `X-API-Key` or `Authorization: Bearer`",
            "Bearer realm=\"sluicebox\"",
        )
    };
    Problem::new(
        StatusCode::UNAUTHORIZED,
        "unauthorized",
        "API key required",
        detail,
    )
    .challenge(challenge)
}

fn too_often(wait: Duration) -> Problem {
    let detail = "more requests a second than adapters.rate_per_s allows; send batches, or wait";
    Problem::new(
        StatusCode::TOO_MANY_REQUESTS,
        "rate_limited",
        "Too many requests",
        detail,
    )
    .retry_after(wait)
}
