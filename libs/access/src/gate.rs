//! One gate of a service: who shows what gets in as whom. Its parts decide; it holds their state.
//!
//! A request is let in by a key of the keys file, a token of a configured issuer, or a key of the configuration. All of
//! these may be followed while the process runs. Where nobody is asked, everybody is [`Caller::anonymous`].

mod denial;
mod known;
mod shown;

use std::fmt::Display;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use model::Millis;
use outbound::Reach;
use settings::{AccessSettings, LOOK, Secret, WatchError, WatchStatus, Watched};

pub use denial::Denial;
pub use known::GateSettings;
use known::Known;
pub use shown::shown;

use crate::caller::Caller;
use crate::issuer::IssuerError;
use crate::key::{ApiKey, sha256};
use crate::logins::{Logins, now};
use crate::rate::Allowances;
use crate::scope::Scope;

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

/// Lets requests in. Clones of its `Arc` share what is known of addresses and rates.
pub struct Gate {
    required: bool,
    known: Watched<Known>,
    anonymous: Arc<Caller>,
    logins: Logins,
    allowances: Mutex<Allowances>,
}

impl Gate {
    /// A gate; keys of issuers are fetched as far as `reach` goes. Without `required`, whoever shows nothing is let in; who shows something is held to it all the same.
    ///
    /// # Errors
    /// The keys file cannot be read, or an issuer cannot be used.
    pub fn open(
        settings: &AccessSettings,
        api_keys: &[Secret],
        required: bool,
        reach: &Reach,
    ) -> Result<Self, GateError> {
        let settings = GateSettings {
            access: settings.clone(),
            api_keys: api_keys.to_vec(),
            reach: reach.clone(),
        };
        let known = Known::new(&settings, None)?;
        Ok(Self::with(Watched::fixed(known), required))
    }

    /// The same, followed: `load` is asked every two seconds for the settings as they are now. Those in use stay when it
    /// gives none that can be used.
    ///
    /// # Errors
    /// As [`Gate::open`].
    pub fn follow<E: Display>(
        settings: &GateSettings,
        required: bool,
        load: impl Fn() -> Result<GateSettings, E> + Send + Sync + 'static,
    ) -> Result<Self, GateError> {
        let first = Known::new(settings, None)?;
        let next = move |known: &Known| {
            let settings = load().map_err(|error| error.to_string())?;
            known.changed(&settings).map_err(|error| error.to_string())
        };
        let known = Watched::asking("access", first, LOOK, next);
        Ok(Self::with(known.described(Known::described), required))
    }

    fn with(known: Watched<Known>, required: bool) -> Self {
        if required && known.guard().is_nobody() {
            tracing::warn!(
                "no key is known, so every request is refused; make one with `sluicebox keys add`, and set \
                 access.keys_file"
            );
        }
        Self {
            required,
            known,
            anonymous: Arc::new(Caller::anonymous()),
            logins: Logins::default(),
            allowances: Mutex::default(),
        }
    }

    /// A gate that asks nobody.
    pub fn without_keys() -> Self {
        Self::with(Watched::fixed(Known::nobody()), false)
    }

    /// How what is followed is: who is known, and the keys file, if there is one.
    pub fn watched(&self) -> Vec<(String, WatchStatus)> {
        let keys = self.known.guard().keys.as_ref().map(Watched::status);
        let keys = keys.map(|status| ("keys".to_owned(), status));
        let known = ("access".to_owned(), self.known.status());
        [known].into_iter().chain(keys).collect()
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
            Some(denial) if self.required || !self.known.guard().is_nobody() => Err(denial),
            None if self.required => Err(Denial::Nothing),
            _ => Ok(Arc::clone(&self.anonymous)),
        }
    }

    async fn login(
        &self,
        credential: &str,
        from: Option<IpAddr>,
        now: Millis,
    ) -> Result<Arc<Caller>, Denial> {
        if let Some(wait) = self.logins.wait(from, credential.as_bytes()) {
            return Err(Denial::SlowedDown(wait));
        }
        let digest = sha256(credential.as_bytes());
        let found = self.known.load().find(credential, &digest, now).await;
        match &found {
            Ok(_) => self.logins.note(from, credential.as_bytes(), true),
            Err(denial) if denial.is_failed_login() => self.logins.note(from, credential.as_bytes(), false),
            Err(_) => {}
        }
        found
    }

    /// Takes events and bytes from what the caller may send, or says how long to wait.
    pub fn spend(&self, caller: &Caller, events: u64, bytes: u64) -> Result<(), Denial> {
        let mut allowances = self.allowances.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = allowances.take(&caller.name, caller.rate, (events, bytes), now());
        taken.map_err(Denial::TooMuch)
    }

    /// How long this address has to wait before a signature of it for this webhook is looked at: not at all where it has
    /// sent a good one before, so that strangers behind the same proxy shut nobody's webhook.
    pub fn signature_waits(&self, webhook: &str, from: Option<IpAddr>) -> Option<Duration> {
        self.logins.wait(from, webhook.as_bytes())
    }

    /// Notes a signature as a login: one that failed, or one that was good.
    pub fn note_signature(&self, webhook: &str, from: Option<IpAddr>, good: bool) {
        self.logins.note(from, webhook.as_bytes(), good);
    }
}

/// The part of a credential that may be logged.
fn id(credential: &str) -> Option<String> {
    ApiKey::read(credential).map(|key| key.id().to_owned())
}

#[cfg(test)]
mod tests;
