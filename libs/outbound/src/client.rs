//! The client: one call is guarded, limited, tried, and tried again within its budget.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Method, Response, Url};
use tokio::time::Instant;

use crate::answer::{SHOWN, shown};
use crate::backoff::chance;
use crate::resolver::{Guarded, refusal};
use crate::retry_after::retry_after;
use crate::{Admission, Answer, Breaker, CallError, ClientError, Policy, Proxy, Wanted};

/// What we call ourselves to others.
const USER_AGENT: &str = concat!("sluicebox/", env!("CARGO_PKG_VERSION"));
/// More endpoints than one client is ever configured with.
const MAX_BREAKERS: usize = 1024;
/// How long a body that nobody needs is read, so that the connection can be used again.
const COURTESY: Duration = Duration::from_millis(250);

/// What to ask. Shown by its method and origin alone: paths, headers and bodies hold secrets.
#[derive(Clone)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Where.
    pub url: Url,
    /// Beside those that HTTP needs.
    pub headers: HeaderMap,
    /// May be empty.
    pub body: Vec<u8>,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.url.origin().ascii_serialization())
    }
}

impl Request {
    /// A GET.
    pub fn get(url: Url) -> Self {
        Self {
            method: Method::GET,
            url,
            headers: HeaderMap::new(),
            body: Vec::new(),
        }
    }

    /// A POST.
    pub fn post(url: Url, headers: HeaderMap, body: Vec<u8>) -> Self {
        Self {
            method: Method::POST,
            url,
            headers,
            body,
        }
    }
}

/// A 2xx answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The whole body; what came of it where the status alone is wanted.
    pub body: Vec<u8>,
    /// How many attempts it took.
    pub attempts: u32,
    /// How long it took in all.
    pub elapsed: Duration,
}

/// Calls the outside world within its policy. Clones share limits and breakers.
#[derive(Debug, Clone)]
pub struct Client(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    http: reqwest::Client,
    policy: Policy,
    limiter: Option<DefaultDirectRateLimiter>,
    breakers: Mutex<HashMap<String, Breaker>>,
}

impl Client {
    /// A client with this policy.
    pub fn new(policy: Policy) -> Result<Self, ClientError> {
        // Another part of the process may have installed it already, which is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
        let mut http = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(policy.timeout)
            .dns_resolver(Arc::new(Guarded {
                networks: policy.reach.networks.clone(),
                proxy: policy.reach.proxy.as_ref().and_then(Proxy::host),
            }));
        if let Some(proxy) = &policy.reach.proxy {
            http = http.proxy(proxy.of_reqwest()?);
        }
        let http = http.build().map_err(|error| ClientError::Tls(causes(&error)))?;
        let limiter = policy
            .rate_per_s
            .map(|rate| RateLimiter::direct(Quota::per_second(rate)));
        Ok(Self(Arc::new(Inner {
            http,
            policy,
            limiter,
            breakers: Mutex::default(),
        })))
    }

    /// Makes a call, with as many attempts as the policy allows.
    pub async fn call(&self, request: &Request) -> Result<Reply, CallError> {
        let policy = &self.0.policy;
        let begun = Instant::now();
        let mut attempts = 1;
        loop {
            let error = match self.attempt(request, begun).await {
                Ok((status, body)) => {
                    return Ok(Reply {
                        status,
                        body,
                        attempts,
                        elapsed: begun.elapsed(),
                    });
                }
                Err(error) => error,
            };
            let own = policy.backoff.after(attempts, chance());
            let wait = own.max(error.wait().unwrap_or_default());
            let hopeless = !error.is_transient() || attempts >= policy.max_attempts;
            if hopeless || begun.elapsed() + wait > policy.total {
                return Err(error);
            }
            tracing::debug!(%error, attempts, wait_ms = wait.as_millis(), "trying again");
            tokio::time::sleep(wait).await;
            attempts += 1;
        }
    }

    /// Makes one attempt and gives the answer of any status, for services whose headers and bodies say what came of it. Of
    /// the body is kept what comes in time, as far as the policy allows.
    ///
    /// # Errors
    /// There was no attempt, or no answer.
    pub async fn ask(&self, request: &Request) -> Result<Answer, CallError> {
        let endpoint = self.enter(request, Instant::now()).await?;
        let answer = self.answer(request, &endpoint).await;
        let is_ill = match &answer {
            Ok(answer) => answer.status >= 500,
            Err(error) => error.blames_endpoint(),
        };
        self.learn(endpoint, is_ill);
        answer
    }

    async fn answer(&self, request: &Request, endpoint: &str) -> Result<Answer, CallError> {
        let over = Instant::now() + self.0.policy.timeout;
        let response = self.send(request, endpoint, over).await?;
        let within = match self.0.policy.wanted {
            Wanted::Body => over.saturating_duration_since(Instant::now()),
            Wanted::Status => COURTESY,
        };
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let retry_after = self.asked_wait(&response);
        let (body, is_whole) = beginning(response, self.0.policy.max_response_bytes, within).await;
        Ok(Answer {
            endpoint: endpoint.to_owned(),
            status,
            headers,
            body,
            is_whole,
            retry_after,
        })
    }

    async fn attempt(&self, request: &Request, begun: Instant) -> Result<(u16, Vec<u8>), CallError> {
        let endpoint = self.enter(request, begun).await?;
        let result = self.exchange(request, &endpoint).await;
        self.learn(endpoint, result.as_ref().is_err_and(CallError::blames_endpoint));
        result
    }

    /// Gives the endpoint, once it may be called.
    async fn enter(&self, request: &Request, begun: Instant) -> Result<String, CallError> {
        let endpoint = request.url.origin().ascii_serialization();
        self.guard(&request.url, &endpoint)?;
        self.wait_for_room(&endpoint, begun).await?;
        self.admit(&endpoint)?;
        Ok(endpoint)
    }

    /// Addresses written as numbers never reach the resolver.
    fn guard(&self, url: &Url, endpoint: &str) -> Result<(), CallError> {
        let forbidden = |why: &str| CallError::Forbidden {
            endpoint: endpoint.to_owned(),
            why: why.to_owned(),
        };
        if !matches!(url.scheme(), "http" | "https") {
            return Err(forbidden("neither http nor https"));
        }
        let host = url
            .host_str()
            .unwrap_or_default()
            .trim_start_matches('[')
            .trim_end_matches(']');
        let refused = |address| self.0.policy.reach.networks.refused(address);
        match host.parse().ok().and_then(refused) {
            Some(why) => Err(forbidden(why)),
            None => Ok(()),
        }
    }

    async fn wait_for_room(&self, endpoint: &str, begun: Instant) -> Result<(), CallError> {
        let Some(limiter) = &self.0.limiter else {
            return Ok(());
        };
        while let Err(not_yet) = limiter.check() {
            let retry_in = not_yet.wait_time_from(DefaultClock::default().now());
            if begun.elapsed() + retry_in > self.0.policy.total {
                return Err(CallError::Throttled {
                    endpoint: endpoint.to_owned(),
                    retry_in,
                });
            }
            tokio::time::sleep(retry_in).await;
        }
        Ok(())
    }

    fn admit(&self, endpoint: &str) -> Result<(), CallError> {
        let admission = self
            .breakers()
            .get_mut(endpoint)
            .map(|breaker| breaker.admit(Instant::now().into_std()));
        match admission {
            Some(Admission::Refused(retry_in)) => Err(CallError::Open {
                endpoint: endpoint.to_owned(),
                retry_in,
            }),
            Some(Admission::Granted) | None => Ok(()),
        }
    }

    /// Only endpoints with something bad to remember have a breaker.
    fn learn(&self, endpoint: String, is_ill: bool) {
        let mut breakers = self.breakers();
        if !is_ill {
            breakers.remove(&endpoint);
            return;
        }
        if breakers.len() >= MAX_BREAKERS {
            breakers.clear();
        }
        let policy = self.0.policy.breaker;
        breakers
            .entry(endpoint)
            .or_insert_with(|| Breaker::new(policy))
            .failed(Instant::now().into_std());
    }

    fn breakers(&self) -> MutexGuard<'_, HashMap<String, Breaker>> {
        self.0.breakers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn send(&self, request: &Request, endpoint: &str, over: Instant) -> Result<Response, CallError> {
        let sent = self
            .0
            .http
            .request(request.method.clone(), request.url.clone())
            .headers(request.headers.clone())
            .body(request.body.clone())
            .send();
        let answered = tokio::time::timeout_at(over, sent).await;
        let answered = answered.map_err(|_| self.late(endpoint))?;
        answered.map_err(|error| unreachable_or_forbidden(endpoint, error))
    }

    fn late(&self, endpoint: &str) -> CallError {
        CallError::Timeout {
            endpoint: endpoint.to_owned(),
            after: self.0.policy.timeout,
        }
    }

    async fn exchange(&self, request: &Request, endpoint: &str) -> Result<(u16, Vec<u8>), CallError> {
        let over = Instant::now() + self.0.policy.timeout;
        let response = self.send(request, endpoint, over).await?;
        let status = response.status().as_u16();
        match status {
            200..=299 => match self.0.policy.wanted {
                Wanted::Body => {
                    let body = tokio::time::timeout_at(over, self.body(response, endpoint));
                    Ok((status, body.await.map_err(|_| self.late(endpoint))??))
                }
                Wanted::Status => Ok((
                    status,
                    beginning(response, self.0.policy.max_response_bytes, COURTESY)
                        .await
                        .0,
                )),
            },
            408 | 425 | 429 | 500..=599 => Err(CallError::Busy {
                endpoint: endpoint.to_owned(),
                status,
                retry_after: self.asked_wait(&response),
            }),
            _ => {
                let detail = shown(&beginning(response, SHOWN, COURTESY).await.0);
                Err(CallError::Rejected {
                    endpoint: endpoint.to_owned(),
                    status,
                    detail,
                })
            }
        }
    }

    fn asked_wait(&self, response: &Response) -> Option<Duration> {
        let header = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
        retry_after(header, SystemTime::now(), self.0.policy.retry_after_cap)
    }

    async fn body(&self, mut response: Response, endpoint: &str) -> Result<Vec<u8>, CallError> {
        let limit = self.0.policy.max_response_bytes;
        let status = response.status().as_u16();
        let too_large = || CallError::TooLarge {
            endpoint: endpoint.to_owned(),
            status,
            limit,
        };
        if response
            .content_length()
            .is_some_and(|length| length > limit as u64)
        {
            return Err(too_large());
        }
        let mut body = Vec::new();
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| unreachable_or_forbidden(endpoint, error))?
        {
            if body.len() + chunk.len() > limit {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

/// The first bytes of a body, as far as they come in time: one that is cut or never ends changes nothing of what
/// the status said. Says whether they are all.
async fn beginning(mut response: Response, most: usize, within: Duration) -> (Vec<u8>, bool) {
    let mut bytes = Vec::new();
    let reading = async {
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) => {
                    let room = most.saturating_sub(bytes.len());
                    bytes.extend(chunk.iter().take(room));
                    if chunk.len() > room {
                        return false;
                    }
                }
                Ok(None) => return true,
                Err(_) => return false,
            }
        }
    };
    // What came until then is kept.
    let is_whole = tokio::time::timeout(within, reading).await.unwrap_or_default();
    (bytes, is_whole)
}

fn unreachable_or_forbidden(endpoint: &str, error: reqwest::Error) -> CallError {
    let endpoint = endpoint.to_owned();
    match refusal(&error) {
        Some(why) => CallError::Forbidden {
            endpoint,
            why: why.to_owned(),
        },
        None => CallError::Unreachable {
            endpoint,
            reason: causes(&error.without_url()),
        },
    }
}

/// An error with its causes: the outermost alone says "error sending request".
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
