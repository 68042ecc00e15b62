//! One GET of a source: with what it knows us by, over redirects, held to the limits, and what its answer says of us.

use std::num::NonZeroU32;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use outbound::{
    AUTHORIZATION, Answer, CallError, Client, HeaderMap, HeaderName, HeaderValue, Policy, Reach, Request, Url,
};
use settings::SourceSettings;

use crate::source::{FetchError, Page, SourceError};

/// Most redirects of one request (RFC 9110, section 15.4, asks for a bound).
const HOPS: usize = 5;
/// Longest wait that another side may ask for.
const LONGEST_WAIT: Duration = Duration::from_hours(24);
/// A number of seconds beyond this is a time of day, not a wait.
const TIMES_FROM: u64 = 1_000_000_000;

/// See the module.
#[derive(Debug, Clone)]
pub(crate) struct Web {
    client: Client,
    headers: HeaderMap,
    origin: String,
}

/// What came of a GET.
#[derive(Debug)]
pub(crate) struct Got {
    pub(crate) answer: Answer,
    /// Where it was at last.
    pub(crate) url: Url,
    /// Whether every redirect to there was said to be for good.
    pub(crate) moved: bool,
}

impl Got {
    /// What it says of the page before anybody reads it.
    pub(crate) fn page(&self) -> Page {
        let (wait, budget) = budget(&self.answer);
        Page {
            wait,
            budget,
            unchanged: self.answer.status == 304,
            ..Page::default()
        }
    }
}

impl Web {
    pub(crate) fn new(settings: &SourceSettings, url: &Url, reach: &Reach) -> Result<Self, SourceError> {
        let client = Client::new(Policy {
            timeout: settings.timeout,
            total: settings.timeout,
            max_attempts: 1,
            retry_after_cap: LONGEST_WAIT,
            rate_per_s: settings.rate_per_s.and_then(NonZeroU32::new),
            max_response_bytes: settings.max_bytes,
            reach: reach.clone(),
            ..Policy::default()
        });
        Ok(Self {
            client: client.map_err(|error| SourceError::Client {
                source_name: settings.name.clone(),
                error,
            })?,
            headers: headers(settings).ok_or_else(|| SourceError::Header(settings.name.clone()))?,
            origin: origin(url),
        })
    }

    /// Gets it, with these headers beside those of the settings. What is no success and not 304 is an error.
    pub(crate) async fn get(&self, url: &Url, more: &HeaderMap) -> Result<Got, FetchError> {
        let (mut url, mut moved) = (url.clone(), true);
        for _ in 0..=HOPS {
            let answer = self.ask(&url, more).await?;
            let Some(to) = redirect(&answer, &url)? else {
                judge(&answer)?;
                return Ok(Got { answer, url, moved });
            };
            moved &= matches!(answer.status, 301 | 308);
            url = to;
        }
        Err(FetchError::later(format!(
            "more than {HOPS} redirects; name the address behind them"
        )))
    }

    /// What the settings have to show is for their own host alone.
    async fn ask(&self, url: &Url, more: &HeaderMap) -> Result<Answer, FetchError> {
        let mut request = Request::get(url.clone());
        request.headers.extend(more.clone());
        if origin(url) == self.origin {
            request.headers.extend(self.headers.clone());
        }
        self.client.ask(&request).await.map_err(|error| unreached(&error))
    }
}

fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

fn headers(settings: &SourceSettings) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    let mut add = |name: HeaderName, value: &str| {
        let mut value = HeaderValue::from_str(value).ok()?;
        value.set_sensitive(true);
        headers.insert(name, value);
        Some(())
    };
    for (name, value) in &settings.headers {
        add(name.parse().ok()?, value.expose())?;
    }
    if let Some(token) = &settings.token {
        add(AUTHORIZATION, &format!("Bearer {}", token.expose()))?;
    }
    if let (Some(name), Some(password)) = (&settings.username, &settings.password) {
        let pair = STANDARD.encode(format!("{name}:{}", password.expose()));
        add(AUTHORIZATION, &format!("Basic {pair}"))?;
    }
    Some(headers)
}

fn unreached(error: &CallError) -> FetchError {
    FetchError::Later {
        why: error.to_string(),
        wait: error.wait(),
    }
}

/// Where an answer leads, if it leads elsewhere.
fn redirect(answer: &Answer, from: &Url) -> Result<Option<Url>, FetchError> {
    if !matches!(answer.status, 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let location = answer.headers.get("location").and_then(|to| to.to_str().ok());
    let to = location.and_then(|to| from.join(to).ok());
    let usable = to.filter(|to| matches!(to.scheme(), "http" | "https"));
    let (endpoint, status) = (&answer.endpoint, answer.status);
    usable
        .map(Some)
        .ok_or_else(|| FetchError::later(format!("{endpoint} answered {status} and leads nowhere")))
}

/// What a status and an end say; a whole answer and 304 pass.
fn judge(answer: &Answer) -> Result<(), FetchError> {
    let wait = wait(&answer.headers, now()).max(answer.retry_after);
    match answer.status {
        200..=299 if answer.is_whole => Ok(()),
        200..=299 => Err(FetchError::later(format!(
            "the answer of {} did not end in time, broke off, or is longer than max_bytes",
            answer.endpoint
        ))),
        304 => Ok(()),
        410 => Err(FetchError::Gone(format!(
            "{} says that it is gone (410)",
            answer.endpoint
        ))),
        _ => Err(FetchError::Later {
            why: answer.shown(),
            wait,
        }),
    }
}

/// How long an answer wants us to wait, and how many requests it allows until then. Between requests that are allowed there
/// is no wait.
fn budget(answer: &Answer) -> (Option<Duration>, Option<u64>) {
    let headers = &answer.headers;
    let left = number(
        headers,
        &[
            "ratelimit-remaining",
            "x-ratelimit-remaining",
            "x-rate-limit-remaining",
        ],
    );
    let none_left = left == Some(0);
    let wait = none_left.then(|| wait(headers, now())).flatten();
    (wait.max(answer.retry_after), left)
}

/// When the budget of requests is there again: seconds from now, or a time.
fn wait(headers: &HeaderMap, now: u64) -> Option<Duration> {
    let reset = number(
        headers,
        &["ratelimit-reset", "x-ratelimit-reset", "x-rate-limit-reset"],
    )?;
    let seconds = if reset >= TIMES_FROM {
        reset.saturating_sub(now)
    } else {
        reset
    };
    Some(Duration::from_secs(seconds).min(LONGEST_WAIT))
}

fn number(headers: &HeaderMap, names: &[&str]) -> Option<u64> {
    let value = names.iter().find_map(|name| headers.get(*name))?;
    value.to_str().ok()?.trim().parse().ok()
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn a_reset_is_seconds_or_a_time_and_bounded() {
        let seconds = |pairs| wait(&of(pairs), 1_800_000_000).map(|wait| wait.as_secs());
        assert_eq!(seconds(&[("x-ratelimit-reset", "60")]), Some(60));
        assert_eq!(seconds(&[("x-rate-limit-reset", "1800000090")]), Some(90));
        assert_eq!(seconds(&[("ratelimit-reset", "1700000000")]), Some(0), "gone by");
        assert_eq!(seconds(&[("ratelimit-reset", "99999999999999")]), Some(86_400));
        assert_eq!(seconds(&[("ratelimit-reset", "soon")]), None);
    }

    #[test]
    fn what_is_shown_is_shown_to_its_own_host() {
        let settings = SourceSettings {
            token: Some(settings::Secret::new("t0ken")),
            ..SourceSettings::default()
        };
        let headers = headers(&settings).unwrap();
        assert_eq!(headers[AUTHORIZATION], "Bearer t0ken");
        assert!(!format!("{headers:?}").contains("t0ken"));
    }
}
