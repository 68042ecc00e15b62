//! Who is known: made of the settings, and made anew when they change. What did not change keeps what it has learned, the
//! keys file its watch and an issuer the public keys that were fetched.

use std::sync::Arc;

use model::Millis;
use outbound::Reach;
use settings::{AccessSettings, JwtSettings, Secret, Watched};
use subtle::ConstantTimeEq;

use super::{Denial, GateError};
use crate::caller::Caller;
use crate::issuer::{Issuer, IssuerError};
use crate::jwt::{Token, TokenFault};
use crate::key::{ApiKey, KeyTable, Lookup, sha256};
use crate::key_file;
use crate::scope::Scope;
use crate::throttle::Digest;

/// What a gate is made of, of the settings.
#[derive(Debug, Clone, PartialEq)]
pub struct GateSettings {
    /// The keys file and the issuers of tokens.
    pub access: AccessSettings,
    /// The keys of the configuration.
    pub api_keys: Vec<Secret>,
    /// How far public keys of issuers are fetched.
    pub reach: Reach,
}

/// A key that stands in the configuration: it may send events and ask, of the default tenant, and is trusted, as it was
/// before keys had rights.
struct Configured {
    digest: Digest,
    caller: Arc<Caller>,
}

/// See the module.
pub(super) struct Known {
    settings: GateSettings,
    pub(super) keys: Option<Watched<KeyTable>>,
    configured: Vec<Configured>,
    issuers: Vec<Arc<Issuer>>,
}

impl Known {
    /// Who is known by these settings; what `earlier` has of the same is kept.
    pub(super) fn new(settings: &GateSettings, earlier: Option<&Self>) -> Result<Self, GateError> {
        let given = settings.api_keys.iter().enumerate();
        let given = given.filter(|(_, key)| !key.is_empty());
        Ok(Self {
            keys: keys(&settings.access, earlier)?,
            configured: given.map(|(number, key)| configured(number, key)).collect(),
            issuers: issuers(settings, earlier)?,
            settings: settings.clone(),
        })
    }

    /// Who is known by other settings; nothing if they are the same.
    pub(super) fn changed(&self, settings: &GateSettings) -> Result<Option<Self>, GateError> {
        let same = self.settings == *settings;
        (!same).then(|| Self::new(settings, Some(self))).transpose()
    }

    /// Nobody.
    pub(super) fn nobody() -> Self {
        Self {
            settings: GateSettings {
                access: AccessSettings::default(),
                api_keys: Vec::new(),
                reach: Reach::default(),
            },
            keys: None,
            configured: Vec::new(),
            issuers: Vec::new(),
        }
    }

    pub(super) fn is_nobody(&self) -> bool {
        self.keys.is_none() && self.configured.is_empty() && self.issuers.is_empty()
    }

    /// Whom people are told of it: nothing secret.
    pub(super) fn described(&self) -> String {
        let (keys, issuers) = (self.configured.len(), self.issuers.len());
        let mut told = vec![format!("{keys} keys of adapters.api_keys, {issuers} issuers")];
        if let Some(keys) = &self.keys {
            told.push(format!(
                "{} keys of access.keys_file",
                keys.guard().entries().len()
            ));
        }
        told.join(", ")
    }

    /// Whose credential it is.
    pub(super) async fn find(
        &self,
        credential: &str,
        digest: &Digest,
        now: Millis,
    ) -> Result<Arc<Caller>, Denial> {
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

    #[cfg(test)]
    pub(super) fn issuers(&self) -> &[Arc<Issuer>] {
        &self.issuers
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
}

fn keys(access: &AccessSettings, earlier: Option<&Known>) -> Result<Option<Watched<KeyTable>>, GateError> {
    let Some(path) = &access.keys_file else {
        return Ok(None);
    };
    let same = earlier.filter(|earlier| earlier.settings.access.keys_file.as_ref() == Some(path));
    match same.and_then(|earlier| earlier.keys.clone()) {
        Some(followed) => Ok(Some(followed)),
        None => Ok(Some(key_file::follow(path)?)),
    }
}

fn issuers(settings: &GateSettings, earlier: Option<&Known>) -> Result<Vec<Arc<Issuer>>, IssuerError> {
    let earlier = earlier.filter(|earlier| earlier.settings.reach == settings.reach);
    let kept = |wanted: &JwtSettings| {
        let earlier = earlier?;
        let each = earlier.settings.access.jwt.iter().zip(&earlier.issuers);
        let mut same = each.filter(|(issuer, _)| *issuer == wanted);
        same.next().map(|(_, issuer)| Arc::clone(issuer))
    };
    let each = settings.access.jwt.iter();
    each.map(|issuer| kept(issuer).map_or_else(|| Ok(Arc::new(Issuer::new(issuer, &settings.reach)?)), Ok))
        .collect()
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
