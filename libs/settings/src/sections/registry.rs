//! The schema registry.

use serde::{Deserialize, Serialize};

use crate::problem::Problems;
use crate::secret::Secret;

/// The schema registry (any with Confluent's API).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RegistrySettings {
    /// Default `http://127.0.0.1:18081`.
    pub url: String,
    /// For basic authentication.
    pub username: Option<String>,
    /// For basic authentication.
    pub password: Option<Secret>,
    /// For `Authorization: Bearer`, instead of a user name.
    pub token: Option<Secret>,
    /// File with the certificates to trust beside those of the system, PEM.
    pub ca_location: Option<String>,
    /// File with the certificate that this client shows (mTLS) and its key after it, PEM.
    pub identity_location: Option<String>,
    /// Whether our schemas are registered where they are missing. `false` only looks them up, for users who may not
    /// write to the registry; `sluicebox schemas register` as somebody who may comes first. Default true.
    pub register: bool,
}

impl Default for RegistrySettings {
    fn default() -> Self {
        Self {
            url: "http://127.0.0.1:18081".to_owned(),
            username: None,
            password: None,
            token: None,
            ca_location: None,
            identity_location: None,
            register: true,
        }
    }
}

impl RegistrySettings {
    pub(crate) fn specimen() -> Self {
        Self {
            username: Some(String::new()),
            password: Some(Secret::default()),
            token: Some(Secret::default()),
            ca_location: Some(String::new()),
            identity_location: Some(String::new()),
            ..Self::default()
        }
    }

    pub(crate) fn check(&self, problems: &mut Problems) {
        problems.base_url("registry.url", &self.url);
        if self.username.is_some() != self.password.is_some() {
            problems.add_hidden(
                "registry.username",
                "give both registry.username and registry.password, or neither",
            );
        }
        if self.token.is_some() && self.username.is_some() {
            problems.add_hidden("registry.token", "give either a token or a user name, not both");
        }
    }
}
