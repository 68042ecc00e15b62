//! Facts from one HTTP source that answers with JSON; what it said once stays known.

mod known;
mod template;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use model::{Facts, Signal};
use outbound::{
    Backoff, CallError, Client, ClientError, FreshCache, Freshness, HeaderMap, HeaderName, HeaderValue,
    Policy, Reach, Request,
};
use settings::HttpSource;

use crate::{facts, identity};
use known::Known;

/// Answers of such sources are some kilobytes.
const MAX_ANSWER: usize = 256 * 1024;
/// Waits between the attempts of one look-up, which has a second or two in all.
const BACKOFF: Backoff = Backoff {
    base: Duration::from_millis(50),
    cap: Duration::from_millis(500),
};

/// Why nothing is known, as a code of few values.
#[derive(Debug, thiserror::Error)]
enum LookupError {
    #[error(transparent)]
    Call(#[from] CallError),
    #[error("the answer is no JSON: {0}")]
    Malformed(#[from] serde_json::Error),
}

impl LookupError {
    fn code(&self) -> &'static str {
        match self {
            Self::Call(error) => error.code(),
            Self::Malformed(_) => "malformed",
        }
    }
}

/// What came of a look-up.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Found {
    /// These facts; none if the source knows nothing of it.
    Facts(Facts),
    /// The signal has nothing that this source could be asked by.
    NotAsked,
    /// The source did not say, for this reason; this is what it said earlier, with its age.
    Remembered(Facts, &'static str),
    /// The source did not say, for this reason, and never did.
    Unknown(&'static str),
}

/// The source.
#[derive(Clone)]
pub(crate) struct HttpFacts {
    source: HttpSource,
    client: Client,
    cache: FreshCache<Arc<Facts>>,
    known: Known,
    headers: HeaderMap,
}

impl HttpFacts {
    pub(crate) fn new(source: &HttpSource, reach: &Reach) -> Result<Self, ClientError> {
        let client = Client::new(Policy {
            timeout: source.timeout,
            total: source.timeout,
            max_attempts: 2,
            backoff: BACKOFF,
            rate_per_s: source.rate_per_s.and_then(NonZeroU32::new),
            max_response_bytes: MAX_ANSWER,
            reach: reach.clone().with_private(source.allow_private),
            ..Policy::default()
        })?;
        let freshness = Freshness {
            ttl: source.ttl,
            stale: source.stale,
            max_entries: source.max_entries,
        };
        Ok(Self {
            source: source.clone(),
            client,
            headers: headers(source),
            cache: FreshCache::new(freshness),
            known: Known::new(source.max_entries),
        })
    }

    /// The prefix of its facts.
    pub(crate) fn prefix(&self) -> &str {
        &self.source.prefix
    }

    /// Asks, unless the answer is known; takes at most the configured time.
    pub(crate) async fn look_up(&self, signal: &Signal) -> Found {
        if identity::of(signal, &self.source.on).is_none() {
            return Found::NotAsked;
        }
        let Some(url) = template::fill(self.source.url.expose(), signal) else {
            return Found::NotAsked;
        };
        let request = Request {
            headers: self.headers.clone(),
            ..Request::get(url.clone())
        };
        let fetch = || fetch(self.client.clone(), request, self.source.prefix.clone());
        let asked = self.cache.get(url.as_str(), fetch);
        match tokio::time::timeout(self.source.timeout, asked).await {
            Ok(Ok(facts)) => self
                .known
                .learn(url.as_str(), &self.source.prefix, &facts, Instant::now()),
            Ok(Err(error)) => {
                tracing::debug!(%error, prefix = self.source.prefix, "the source does not say");
                self.recall(url.as_str(), error.code())
            }
            Err(_) => self.recall(url.as_str(), "timeout"),
        }
    }

    fn recall(&self, url: &str, why: &'static str) -> Found {
        let known = self.known.recall(url, &self.source.prefix, Instant::now());
        known.map_or(Found::Unknown(why), |facts| Found::Remembered(facts, why))
    }
}

async fn fetch(client: Client, request: Request, prefix: String) -> Result<Arc<Facts>, LookupError> {
    match client.call(&request).await {
        Ok(reply) => Ok(Arc::new(facts::of_json(
            &prefix,
            &serde_json::from_slice(&reply.body)?,
        ))),
        // The source answered: it knows nothing of this. That is kept like any answer.
        Err(CallError::Rejected { status: 404, .. }) => Ok(Arc::default()),
        Err(error) => Err(error.into()),
    }
}

/// The headers of the settings, which are checked there.
fn headers(source: &HttpSource) -> HeaderMap {
    let headers = source.headers.iter();
    let headers = headers.filter_map(|(name, value)| {
        let mut value = HeaderValue::from_str(value.expose()).ok()?;
        value.set_sensitive(true);
        Some((HeaderName::from_bytes(name.as_bytes()).ok()?, value))
    });
    headers.collect()
}
