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
}

impl Default for RegistrySettings {
    fn default() -> Self {
        Self {
            url: "http://127.0.0.1:18081".to_owned(),
            username: None,
            password: None,
        }
    }
}

impl RegistrySettings {
    pub(crate) fn specimen() -> Self {
        Self {
            username: Some(String::new()),
            password: Some(Secret::default()),
            ..Self::default()
        }
    }

    pub(crate) fn check(&self, problems: &mut Problems) {
        problems.http_url("registry.url", &self.url);
        if self.username.is_some() != self.password.is_some() {
            problems.add_hidden(
                "registry.username",
                "give both registry.username and registry.password, or neither",
            );
        }
    }
}
