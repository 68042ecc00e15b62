//! Whoever issues tokens, and fetching their public keys. Owns this I/O; what the keys mean is decided in [`crate::jwt`].
//!
//! Keys are fetched when the first token comes, again when they are older than ten minutes, and when a token names a
//! key that is not there, but no more often than every thirty seconds, however many such tokens come. An issuer that
//! is away leaves the keys in use that were fetched last.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use model::Millis;
use outbound::{Client, Policy, Reach, Request, Url};
use settings::{JwtSettings, Secret};
use tokio::sync::Mutex;

use crate::caller::Caller;
use crate::gate::Denial;
use crate::jwt::{ClaimNames, Expected, HmacSecret, JwkSet, Subject, Token, TokenFault, Verdict};
use crate::rate::Rate;
use crate::scope::Scope;

/// Between two fetches, whatever tokens say.
const PAUSE: Millis = 30_000;
/// From when on keys are fetched again.
const OLD: Millis = 600_000;
/// Longest a token waits for a fetch.
const PATIENCE: Duration = Duration::from_secs(5);
/// Longest key set, in bytes.
const LONGEST: usize = 256 * 1024;

/// Why an issuer cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("access.jwt {name}: {why}")]
pub struct IssuerError {
    /// The issuer's name.
    pub name: String,
    /// What is wrong.
    pub why: String,
}

/// An issuer whose tokens are taken.
pub struct Issuer {
    iss: Option<String>,
    subject: Subject,
    expected: Expected,
    keys: Keys,
}

enum Keys {
    Shared(Vec<HmacSecret>),
    Published(Box<Published>),
}

/// Public keys that are fetched.
struct Published {
    url: Url,
    client: Client,
    set: ArcSwap<Fetched>,
    /// When the last fetch began; held while one is under way, so that there is one at a time.
    asked: Mutex<Option<Millis>>,
}

#[derive(Default)]
struct Fetched {
    set: JwkSet,
    at: Option<Millis>,
}

impl Issuer {
    /// An issuer as it is configured. Nothing is fetched yet.
    pub fn new(settings: &JwtSettings, reach: &Reach) -> Result<Self, IssuerError> {
        let name = &settings.name;
        let fault = |why: String| IssuerError {
            name: name.clone(),
            why,
        };
        let keys = match &settings.jwks_url {
            Some(url) => Keys::Published(Box::new(Published::new(url, reach).map_err(fault)?)),
            None => Keys::Shared(settings.secrets.iter().map(shared).collect()),
        };
        let scopes = settings
            .scopes
            .iter()
            .map(|scope| Scope::named(scope).ok_or_else(|| fault(format!("{scope:?} is no scope"))));
        Ok(Self {
            iss: settings.issuer.clone(),
            subject: Subject {
                issuer: name.clone(),
                claims: ClaimNames {
                    tenant: settings.tenant_claim.clone(),
                    scopes: settings.scopes_claim.clone(),
                    sources: settings.sources_claim.clone(),
                    types: settings.types_claim.clone(),
                },
                tenant: settings.tenant.clone(),
                scopes: scopes.collect::<Result<_, _>>()?,
                rate: Rate {
                    events_per_s: settings.events_per_s,
                    bytes_per_s: settings.bytes_per_s,
                },
            },
            expected: Expected {
                audience: settings.audience.clone(),
                leeway: Millis::try_from(settings.leeway.as_millis()).unwrap_or(Millis::MAX),
            },
            keys,
        })
    }

    /// Whether this issuer's tokens say so: by `iss`, or by saying nothing that another one says.
    pub(crate) fn issued(&self, token: &Token<'_>) -> bool {
        self.iss
            .as_deref()
            .is_none_or(|issuer| token.issuer() == Some(issuer))
    }

    /// Whether it takes only tokens of a certain `iss`.
    pub(crate) fn is_named(&self) -> bool {
        self.iss.is_some()
    }

    /// Whom a token describes, if this issuer signed it and it holds now.
    pub(crate) async fn caller(&self, token: &Token<'_>, now: Millis) -> Result<Caller, Denial> {
        match &self.keys {
            Keys::Shared(secrets) => token.verify_hmac(secrets)?,
            Keys::Published(published) => published.verify(token, now).await?,
        }
        token.check(&self.expected, now)?;
        Ok(token.caller(&self.subject)?)
    }
}

fn shared(secret: &Secret) -> HmacSecret {
    HmacSecret::new(secret.expose().as_bytes())
}

impl Published {
    fn new(url: &str, reach: &Reach) -> Result<Self, String> {
        let policy = Policy {
            timeout: PATIENCE,
            total: PATIENCE,
            max_attempts: 1,
            rate_per_s: NonZeroU32::new(1),
            max_response_bytes: LONGEST,
            reach: reach.clone(),
            ..Policy::default()
        };
        Ok(Self {
            url: Url::parse(url).map_err(|error| format!("jwks_url: {error}"))?,
            client: Client::new(policy).map_err(|error| error.to_string())?,
            set: ArcSwap::default(),
            asked: Mutex::default(),
        })
    }

    async fn verify(&self, token: &Token<'_>, now: Millis) -> Result<(), Denial> {
        let known = self.set.load_full();
        if let (Verdict::Good, Some(at)) = (token.verify(&known.set)?, known.at) {
            if now.saturating_sub(at) > OLD {
                // Whoever comes first renews; the others go on with what there is, as does this one if it fails.
                self.renew(&known, now, false).await;
                return self.again(token);
            }
            return Ok(());
        }
        self.renew(&known, now, true).await;
        self.again(token)
    }

    fn again(&self, token: &Token<'_>) -> Result<(), Denial> {
        let known = self.set.load_full();
        match (token.verify(&known.set)?, known.at) {
            (Verdict::Good, _) => Ok(()),
            (Verdict::UnknownKey, Some(_)) => Err(TokenFault::UnknownKey.into()),
            (Verdict::UnknownKey, None) => Err(Denial::KeysAway),
        }
    }

    /// Fetches the keys, unless that was tried lately, or somebody fetched them since `seen`.
    async fn renew(&self, seen: &Arc<Fetched>, now: Millis, wait: bool) {
        let guard = if wait {
            Some(self.asked.lock().await)
        } else {
            self.asked.try_lock().ok()
        };
        let Some(mut asked) = guard else { return };
        let lately = asked.is_some_and(|asked| (0..PAUSE).contains(&now.saturating_sub(asked)));
        if lately || !Arc::ptr_eq(seen, &self.set.load_full()) {
            return;
        }
        *asked = Some(now);
        match self.fetch().await {
            Ok(set) => self.set.store(Arc::new(Fetched { set, at: Some(now) })),
            Err(error) => {
                tracing::warn!(%error, "the public keys of a token issuer cannot be fetched; the old ones stay");
            }
        }
    }

    async fn fetch(&self) -> Result<JwkSet, String> {
        let reply = self.client.call(&Request::get(self.url.clone())).await;
        let reply = reply.map_err(|error| error.to_string())?;
        JwkSet::read(&reply.body).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests;
