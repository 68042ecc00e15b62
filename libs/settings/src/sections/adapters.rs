//! The HTTP edge that takes events in.

use std::net::{Ipv4Addr, SocketAddr};

use serde::{Deserialize, Serialize};

use super::{TlsSettings, WebhookSettings};
use crate::problem::Problems;
use crate::secret::Secret;

/// Who may send events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthMode {
    /// Only who knows one of the keys.
    Required,
    /// Anybody; for a laptop or behind a gateway.
    None,
}

/// The HTTP edge that takes events in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdaptersSettings {
    /// Default `127.0.0.1:8080`.
    pub listen: SocketAddr,
    /// TLS; without it, HTTP.
    pub tls: Option<TlsSettings>,
    /// Names that clients know this server by, beside its address and localhost. With `auth: none`, requests for
    /// another host or from a page of another site are refused.
    pub allowed_hosts: Vec<String>,
    /// Default `required`.
    pub auth: AuthMode,
    /// Keys that are let in, with the scopes `ingest`, `read` and `trusted` in the tenant `default`; several at once, so
    /// that they can be changed. `access.keys_file` holds keys with rights of their own.
    pub api_keys: Vec<Secret>,
    /// Largest request body. Default 1 MiB.
    pub max_body_bytes: usize,
    /// Most events in one request. Default 1000.
    pub max_batch: usize,
    /// Most requests a second, if limited.
    pub rate_per_s: Option<u32>,
    /// Webhooks that come in, signed.
    pub webhooks: Vec<WebhookSettings>,
    /// Whose events are refused with 403.
    pub mute: MuteSettings,
}

/// Who is not heard, because nothing but rubbish comes from there. `*` stands for any characters, `?` for one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MuteSettings {
    /// Sources.
    pub sources: Vec<String>,
    /// Tenants.
    pub tenants: Vec<String>,
}

impl Default for AdaptersSettings {
    fn default() -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 8080).into(),
            tls: None,
            allowed_hosts: Vec::new(),
            auth: AuthMode::Required,
            api_keys: Vec::new(),
            max_body_bytes: 1024 * 1024,
            max_batch: 1000,
            rate_per_s: None,
            mute: MuteSettings::default(),
            webhooks: Vec::new(),
        }
    }
}

impl AdaptersSettings {
    pub(crate) fn specimen() -> Self {
        Self {
            tls: Some(TlsSettings::specimen()),
            allowed_hosts: vec![String::new()],
            api_keys: vec![Secret::default()],
            rate_per_s: Some(1),
            mute: MuteSettings {
                sources: vec![String::new()],
                tenants: vec![String::new()],
            },
            webhooks: vec![WebhookSettings::specimen()],
            ..Self::default()
        }
    }

    pub(crate) fn check(&self, problems: &mut Problems) {
        for (key, value) in [
            ("adapters.max_body_bytes", self.max_body_bytes),
            ("adapters.max_batch", self.max_batch),
        ] {
            problems.at_least_one(key, value as u64);
        }
        problems.unless(
            self.rate_per_s != Some(0),
            "adapters.rate_per_s",
            0,
            "must be at least 1, or left away",
        );
        for (key, globs) in [
            ("adapters.mute.sources", &self.mute.sources),
            ("adapters.mute.tenants", &self.mute.tenants),
        ] {
            for glob in globs {
                let mend = "must not be blank; write a name, with * for any characters";
                problems.unless(!glob.trim().is_empty(), key, glob, mend);
            }
        }
        WebhookSettings::check_all(&self.webhooks, problems);
        for (index, key) in self.api_keys.iter().enumerate() {
            if key.expose().len() < 8 {
                problems.add_hidden(format!("adapters.api_keys[{index}]"), "use at least 8 characters");
            }
        }
    }
}
