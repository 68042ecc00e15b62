//! Facts from one HTTP source that answers with JSON; what it said once stays known.

mod template;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use model::{Facts, Millis, Signal};
use moka::sync::Cache;
use outbound::{
    Backoff, CallError, Client, ClientError, FreshCache, Freshness, HeaderMap, HeaderName, HeaderValue,
    Policy, Reach, Request, Url,
};
use rules::RuleSet;
use settings::HttpSource;

use crate::knowledge::Knowledge;
use crate::{facts, identity};

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
pub(crate) struct Found {
    /// What is known now, by this answer and by earlier ones.
    pub(crate) knowledge: Knowledge,
    /// Why the source did not say, if it did not.
    pub(crate) unknown: Option<&'static str>,
}

/// What the source can be asked of a signal.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    /// What tells it from others.
    pub(crate) name: String,
    url: Url,
}

/// The source.
#[derive(Clone)]
pub(crate) struct HttpFacts {
    source: HttpSource,
    reach: Reach,
    client: Client,
    cache: FreshCache<Arc<Knowledge>>,
    /// What the process knows, for signals whose own partition has not heard of it.
    known: Cache<String, Arc<Knowledge>>,
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
            reach: reach.clone(),
            client,
            headers: headers(source),
            cache: FreshCache::new(freshness),
            known: Cache::new(source.max_entries),
        })
    }

    /// A source that takes the place of another, if there was one. What was said stays known, and answers that are fresh stay
    /// so, unless it is another matter how long they are.
    pub(crate) fn after(
        earlier: Option<&Self>,
        source: &HttpSource,
        reach: &Reach,
    ) -> Result<Self, ClientError> {
        let mut next = Self::new(source, reach)?;
        if let Some(earlier) = earlier.filter(|http| http.source.max_entries == source.max_entries) {
            next.known = earlier.known.clone();
            if (earlier.source.ttl, earlier.source.stale) == (source.ttl, source.stale) {
                next.cache = earlier.cache.clone();
            }
        }
        Ok(next)
    }

    /// As the settings have it.
    pub(crate) const fn source(&self) -> &HttpSource {
        &self.source
    }

    /// How far it is asked.
    pub(crate) const fn reach(&self) -> &Reach {
        &self.reach
    }

    /// What people are told of it: nothing secret.
    pub(crate) fn described(&self) -> String {
        let headers = self.source.headers.len();
        format!("facts {}.*, {headers} headers", self.source.prefix)
    }

    /// The prefix of its facts.
    pub(crate) fn prefix(&self) -> &str {
        &self.source.prefix
    }

    /// What the source can be asked of the signal; nothing if the signal lacks what it is asked by.
    pub(crate) fn question(&self, signal: &Signal) -> Option<Question> {
        identity::of(signal, &self.source.on)?;
        let filled = template::fill(self.source.url.expose(), signal)?;
        Some(Question {
            name: format!("{}/{}", self.source.prefix, filled.values),
            url: filled.url,
        })
    }

    /// Asks, unless a fresh answer is there; takes at most the configured time. `before` is what is known of it already.
    pub(crate) async fn look_up(
        &self,
        question: &Question,
        mut before: Knowledge,
        rules: &Arc<RuleSet>,
    ) -> Found {
        let asked = self.ask(question, rules);
        let answer = match tokio::time::timeout(self.source.timeout, asked).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => {
                tracing::debug!(%error, prefix = self.source.prefix, "the source does not say");
                Err(error.code())
            }
            Err(_) => Err("timeout"),
        };
        if let Some(known) = self.known.get(&question.name) {
            before.join(&known);
        }
        let now = now();
        before.forget(now - millis(self.source.remember) + 1, now);
        let unknown = answer.as_ref().err().copied();
        if let Ok(answer) = answer {
            before.hear(&answer);
        }
        before.bound(|name| rules.reads(name));
        self.know(&question.name, &before);
        Found {
            knowledge: before,
            unknown,
        }
    }

    /// How long what it said is kept, and of how many questions of a tenant.
    pub(crate) fn bounds(&self) -> (Millis, usize) {
        (millis(self.source.remember), self.source.max_remembered)
    }

    /// The facts of what is known, with its age unless the source has just said all of it.
    pub(crate) fn facts(&self, found: &Found) -> Facts {
        let now = now();
        let ttl = found.unknown.map_or(millis(self.source.ttl), |_| 0);
        let fresh = now.saturating_add(1) - ttl;
        found.knowledge.facts(&self.source.prefix, fresh, now)
    }

    /// Takes over what is known of a question from before.
    pub(crate) fn learn(&self, question: &str, knowledge: &Knowledge) {
        let mut known = knowledge.clone();
        if let Some(earlier) = self.known.get(question) {
            known.join(&earlier);
        }
        self.know(question, &known);
    }

    fn know(&self, question: &str, knowledge: &Knowledge) {
        if !knowledge.is_empty() {
            self.known
                .insert(question.to_owned(), Arc::new(knowledge.clone()));
        }
    }

    async fn ask(
        &self,
        question: &Question,
        rules: &Arc<RuleSet>,
    ) -> Result<Arc<Knowledge>, Arc<LookupError>> {
        let request = Request {
            headers: self.headers.clone(),
            ..Request::get(question.url.clone())
        };
        let (client, prefix, rules) = (self.client.clone(), self.source.prefix.clone(), Arc::clone(rules));
        let fetch = || fetch(client, request, prefix, rules);
        self.cache.get(&question.name, fetch).await
    }
}

async fn fetch(
    client: Client,
    request: Request,
    prefix: String,
    rules: Arc<RuleSet>,
) -> Result<Arc<Knowledge>, LookupError> {
    match client.call(&request).await {
        Ok(reply) => {
            let answer = facts::of_json(&prefix, &serde_json::from_slice(&reply.body)?);
            let mut knowledge = Knowledge::of(answer, now());
            knowledge.bound(|name| rules.reads(name));
            Ok(Arc::new(knowledge))
        }
        // The source answered: it knows nothing of this. That is kept like any answer.
        Err(CallError::Rejected { status: 404, .. }) => Ok(Arc::default()),
        Err(error) => Err(error.into()),
    }
}

/// By the clock of the wall: the one clock that outlives a process.
fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX)
}

fn millis(duration: Duration) -> Millis {
    // Far beyond any life of a process, and far from the end of the numbers.
    Millis::try_from(duration.as_millis()).map_or(Millis::MAX / 2, |millis| millis.min(Millis::MAX / 2))
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
