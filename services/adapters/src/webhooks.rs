//! The webhooks of the settings, ready to verify deliveries, and followed while the process runs: a secret that is added
//! or taken away holds within seconds, and so does a path.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::Arc;

use access::webhook::{SecretFault, Verifier};
use access::{Caller, Scope};
use settings::{LOOK, Watched, WebhookSettings};

use crate::deliveries::verifier;

/// Why a webhook cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("webhook {name}: {fault}")]
pub struct WebhookError {
    name: String,
    fault: SecretFault,
}

/// See the module.
#[derive(Default)]
pub struct Webhooks {
    settings: Vec<WebhookSettings>,
    /// By path.
    hooks: BTreeMap<String, Arc<Hook>>,
}

/// One webhook.
pub(crate) struct Hook {
    pub(crate) settings: WebhookSettings,
    pub(crate) verifier: Verifier,
    pub(crate) caller: Caller,
}

impl Hook {
    fn new(settings: &WebhookSettings) -> Result<Self, WebhookError> {
        let caller = Caller {
            name: format!("webhook:{}", settings.name),
            tenant: Some(settings.tenant.clone()),
            known: true,
            scopes: [Scope::Ingest].into(),
            ..Caller::anonymous()
        };
        let verifier = verifier(settings).map_err(|fault| WebhookError {
            name: settings.name.clone(),
            fault,
        })?;
        Ok(Self {
            settings: settings.clone(),
            verifier,
            caller,
        })
    }
}

impl Webhooks {
    /// The webhooks of the settings.
    ///
    /// # Errors
    /// A secret is none.
    pub fn new(settings: &[WebhookSettings]) -> Result<Self, WebhookError> {
        let hooks = settings
            .iter()
            .map(|settings| Ok((settings.path(), Arc::new(Hook::new(settings)?))));
        Ok(Self {
            hooks: hooks.collect::<Result<_, _>>()?,
            settings: settings.to_vec(),
        })
    }

    /// The webhooks of the settings that `load` gives, asked every two seconds; those in use stay when it gives none that
    /// can be used.
    ///
    /// # Errors
    /// As [`Webhooks::new`].
    pub fn follow<E: Display>(
        settings: &[WebhookSettings],
        load: impl Fn() -> Result<Vec<WebhookSettings>, E> + Send + Sync + 'static,
    ) -> Result<Watched<Self>, WebhookError> {
        let first = Self::new(settings)?;
        let watched = Watched::asking("adapters.webhooks", first, LOOK, move |webhooks: &Self| {
            let settings = load().map_err(|error| error.to_string())?;
            if settings == webhooks.settings {
                return Ok(None);
            }
            let changed = Self::new(&settings).map_err(|error| error.to_string())?;
            Ok::<_, String>(Some(changed))
        });
        Ok(watched.described(Self::described))
    }

    fn described(&self) -> String {
        let each = self.settings.iter();
        let each = each.map(|webhook| format!("{} (secrets: {})", webhook.name, webhook.secrets.len()));
        match each.collect::<Vec<_>>().as_slice() {
            [] => "no webhooks".to_owned(),
            each => format!("webhooks {}", each.join(", ")),
        }
    }

    pub(crate) fn at(&self, path: &str) -> Option<&Arc<Hook>> {
        self.hooks.get(path)
    }
}
