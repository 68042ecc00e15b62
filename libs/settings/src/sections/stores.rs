//! The schema registry and the database.

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

/// The database.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PostgresSettings {
    /// `postgres://user:password@host:port/database`; a secret as a whole. Default: the local part.
    pub url: Secret,
    /// Connections of one process. Default 8.
    pub max_connections: u32,
}

impl Default for PostgresSettings {
    fn default() -> Self {
        Self {
            url: Secret::new("postgres://sluicebox:sluicebox@127.0.0.1:15432/sluicebox"),
            max_connections: 8,
        }
    }
}

impl PostgresSettings {
    pub(crate) fn check(&self, problems: &mut Problems) {
        let usable = url::Url::parse(self.url.expose())
            .is_ok_and(|url| matches!(url.scheme(), "postgres" | "postgresql") && url.path().len() > 1);
        if !usable {
            problems.add_hidden(
                "postgres.url",
                "write it like postgres://user:password@host:5432/database",
            );
        }
        problems.at_least_one("postgres.max_connections", self.max_connections.into());
    }
}
