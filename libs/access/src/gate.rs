//! One gate of a service: who shows what gets in as whom. Its parts decide; it holds their state.
//!
//! A request is let in by a key of the keys file, a token of a configured issuer, or a key of the configuration. Where
//! nobody is asked, everybody is [`Caller::anonymous`].

mod denial;
mod shown;

use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use model::Millis;
use outbound::Reach;
use settings::{AccessSettings, Secret, WatchError, WatchStatus, Watched};
use subtle::ConstantTimeEq;

pub use denial::Denial;
pub use shown::shown;

use crate::caller::Caller;
use crate::issuer::{Issuer, IssuerError};
use crate::jwt::{Token, TokenFault};
use crate::key::{ApiKey, KeyTable, Lookup, sha256};
use crate::key_file;
use crate::rate::Allowances;
use crate::scope::Scope;
use crate::throttle::{Digest, Throttle};

/// Why a gate cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    /// The keys file.
    #[error("access.keys_file: {0}")]
    Keys(#[from] WatchError),
    /// An issuer.
    #[error(transparent)]
    Issuer(#[from] IssuerError),
}

/// A key that stands in the configuration: it may send events and ask, of the default tenant, and is trusted, as it was
/// before keys had rights.
struct Configured {
    digest: Digest,
    caller: Arc<Caller>,
}

/// Lets requests in. Clones of its `Arc` share what is known of addresses and rates.
pub struct Gate {
    required: bool,
    keys: Option<Watched<KeyTable>>,
    configured: Vec<Configured>,
    issuers: Vec<Issuer>,
    anonymous: Arc<Caller>,
    throttle: Mutex<Throttle>,
    allowances: Mutex<Allowances>,
}

impl Gate {
    /// A gate; keys of issuers are fetched as far as `reach` goes. Without `required`, whoever shows nothing is let in; who shows something is held to it all the same.
    pub fn open(
        settings: &AccessSettings,
        api_keys: &[Secret],
        required: bool,
        reach: &Reach,
    ) -> Result<Self, GateError> {
        let keys = settings.keys_file.as_ref().map(key_file::follow).transpose()?;
        let issuers = settings
            .jwt
            .iter()
            .map(|issuer| Issuer::new(issuer, reach))
            .collect::<Result<Vec<_>, _>>()?;
        let given = api_keys.iter().enumerate().filter(|(_, key)| !key.is_empty());
        let configured: Vec<_> = given.map(|(number, key)| configured(number, key)).collect();
        if required && keys.is_none() && issuers.is_empty() && configured.is_empty() {
            tracing::warn!(
                "no key is known, so every request is refused; make one with `sluicebox keys add`, and set \
                 access.keys_file"
            );
        }
        Ok(Self {
            required,
            keys,
            configured,
            issuers,
            anonymous: Arc::new(Caller::anonymous()),
            throttle: Mutex::default(),
            allowances: Mutex::default(),
        })
    }

    /// A gate that asks nobody.
    pub fn without_keys() -> Self {
        Self {
            required: false,
            keys: None,
            configured: Vec::new(),
            issuers: Vec::new(),
            anonymous: Arc::new(Caller::anonymous()),
            throttle: Mutex::default(),
            allowances: Mutex::default(),
        }
    }

    /// How the keys file is, if there is one.
    pub fn keys_status(&self) -> Option<WatchStatus> {
        self.keys.as_ref().map(Watched::status)
    }

    /// Whether keys are asked for.
    pub fn is_required(&self) -> bool {
        self.required
    }

    /// Whom a request is from, if that may do what it wants. `shown` are the credentials it shows ([`shown`]).
    pub async fn admit(
        &self,
        shown: &[&str],
        from: Option<IpAddr>,
        wanted: Scope,
    ) -> Result<Arc<Caller>, Denial> {
        let admitted = self.who(shown, from, now()).await;
        let admitted = admitted.and_then(|caller| {
            let may = caller.may(wanted);
            if may {
                Ok(caller)
            } else {
                Err(Denial::Scope(wanted))
            }
        });
        if let Err(denial) = &admitted {
            tracing::info!(reason = denial.reason(), address = ?from, key = ?shown.iter().find_map(|text| id(text)),
                "request refused");
        }
        admitted
    }

    async fn who(&self, shown: &[&str], from: Option<IpAddr>, now: Millis) -> Result<Arc<Caller>, Denial> {
        let mut denial = None;
        for credential in shown {
            match self.login(credential, from, now).await {
                Ok(caller) => return Ok(caller),
                Err(refused) => denial = Some(refused),
            }
        }
        match denial {
            // A wrong key is refused also where none is needed: its sender means to be somebody.
            Some(denial) if self.required || self.knows_somebody() => Err(denial),
            None if self.required => Err(Denial::Nothing),
            _ => Ok(Arc::clone(&self.anonymous)),
        }
    }

    fn knows_somebody(&self) -> bool {
        self.keys.is_some() || !self.configured.is_empty() || !self.issuers.is_empty()
    }

    async fn login(
        &self,
        credential: &str,
        from: Option<IpAddr>,
        now: Millis,
    ) -> Result<Arc<Caller>, Denial> {
        let digest = sha256(credential.as_bytes());
        if let Some(wait) = from.and_then(|from| self.throttle().wait(from, &digest, now)) {
            return Err(Denial::SlowedDown(wait));
        }
        let found = self.find(credential, &digest, now).await;
        if let Some(from) = from {
            match &found {
                Ok(_) => self.throttle().succeeded(from, digest, now),
                Err(denial) if denial.is_failed_login() => self.throttle().failed(from, now),
                Err(_) => {}
            }
        }
        found
    }

    async fn find(&self, credential: &str, digest: &Digest, now: Millis) -> Result<Arc<Caller>, Denial> {
        if let Some(caller) = self.configured(digest) {
            return Ok(caller);
        }
        if let (Some(keys), Some(key)) = (&self.keys, ApiKey::read(credential)) {
            return match keys.guard().find(&key, now) {
                Lookup::Good(caller) => Ok(caller),
                Lookup::Unknown => Err(Denial::Unknown),
                Lookup::Expired => Err(Denial::Expired),
                Lookup::Revoked => Err(Denial::Revoked),
            };
        }
        if self.issuers.is_empty() || !Token::looks_like(credential) {
            return Err(Denial::Unknown);
        }
        let token = Token::read(credential)?;
        let mut issuers: Vec<_> = self
            .issuers
            .iter()
            .filter(|issuer| issuer.issued(&token))
            .collect();
        // One that is named in the token goes before those that take any name.
        issuers.sort_by_key(|issuer| !issuer.is_named());
        let issuer = issuers.first().ok_or(TokenFault::Issuer)?;
        issuer.caller(&token, now).await.map(Arc::new)
    }

    /// Digests make all keys equally long; every one is compared, so that time tells nothing.
    fn configured(&self, digest: &Digest) -> Option<Arc<Caller>> {
        let mut found = None;
        for key in &self.configured {
            if bool::from(key.digest.ct_eq(digest)) {
                found = Some(&key.caller);
            }
        }
        found.cloned()
    }

    /// Takes events and bytes from what the caller may send, or says how long to wait.
    pub fn spend(&self, caller: &Caller, events: u64, bytes: u64) -> Result<(), Denial> {
        let mut allowances = self.allowances.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = allowances.take(&caller.name, caller.rate, (events, bytes), now());
        taken.map_err(Denial::TooMuch)
    }

    fn throttle(&self) -> MutexGuard<'_, Throttle> {
        self.throttle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a signature that failed as a login that failed, and says whether this address has to wait.
    pub fn failed_signature(&self, from: Option<IpAddr>) -> Option<Duration> {
        let (from, now) = (from?, now());
        let mut throttle = self.throttle();
        throttle.failed(from, now);
        throttle.wait(from, &[0; 32], now)
    }

    /// How long this address has to wait before a signature of it is looked at.
    pub fn waits(&self, from: Option<IpAddr>) -> Option<Duration> {
        self.throttle().wait(from?, &[0; 32], now())
    }
}

fn configured(number: usize, key: &Secret) -> Configured {
    let caller = Caller {
        name: format!("api_keys[{number}]"),
        tenant: Some(model::DEFAULT_TENANT.to_owned()),
        known: true,
        scopes: [Scope::Ingest, Scope::Read, Scope::Trusted].into(),
        ..Caller::anonymous()
    };
    Configured {
        digest: sha256(key.expose().as_bytes()),
        caller: Arc::new(caller),
    }
}

/// The part of a credential that may be logged.
fn id(credential: &str) -> Option<String> {
    ApiKey::read(credential).map(|key| key.id().to_owned())
}

fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX)
}

#[cfg(test)]
mod tests;
