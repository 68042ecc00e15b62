//! The database, and how the way to it is protected.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::problem::Problems;
use crate::secret::Secret;

/// How a connection to PostgreSQL is protected, in libpq's words.
/// Source: PostgreSQL, chapter "SSL Support", table "SSL Mode Descriptions".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SslMode {
    /// No encryption.
    Disable,
    /// Encryption if the server offers it; nobody is asked who the server is.
    Prefer,
    /// Encryption or no connection; nobody is asked who the server is.
    Require,
    /// The server's certificate must come from an authority that is trusted.
    VerifyCa,
    /// The certificate must also be for the host of `postgres.url`.
    VerifyFull,
}

impl SslMode {
    /// Whether the server has to prove who it is.
    pub fn verifies(self) -> bool {
        matches!(self, Self::VerifyCa | Self::VerifyFull)
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
    /// `disable`, `prefer`, `require`, `verify-ca` or `verify-full`. Default: what `postgres.url` says with `sslmode=`,
    /// else `prefer`.
    pub sslmode: Option<SslMode>,
    /// File with the authorities, in PEM, that may have signed the server's certificate, beside those of the system.
    pub ca: Option<PathBuf>,
    /// File with our certificate and its chain, in PEM, for servers that ask for one.
    pub certificate: Option<PathBuf>,
    /// File with the private key of the certificate, in PEM.
    pub key: Option<PathBuf>,
}

impl Default for PostgresSettings {
    fn default() -> Self {
        Self {
            url: Secret::new("postgres://sluicebox:sluicebox@127.0.0.1:15432/sluicebox"),
            max_connections: 8,
            sslmode: None,
            ca: None,
            certificate: None,
            key: None,
        }
    }
}

impl PostgresSettings {
    pub(crate) fn specimen() -> Self {
        Self {
            sslmode: Some(SslMode::Prefer),
            ca: Some(PathBuf::new()),
            certificate: Some(PathBuf::new()),
            key: Some(PathBuf::new()),
            ..Self::default()
        }
    }

    pub(crate) fn check(&self, problems: &mut Problems) {
        let url = url::Url::parse(self.url.expose());
        let usable = url
            .as_ref()
            .is_ok_and(|url| matches!(url.scheme(), "postgres" | "postgresql") && url.path().len() > 1);
        if !usable {
            problems.add_hidden(
                "postgres.url",
                "write it like postgres://user:password@host:5432/database",
            );
        }
        problems.at_least_one("postgres.max_connections", self.max_connections.into());
        let in_url = url.is_ok_and(|url| url.query_pairs().any(|(name, _)| name == "sslmode"));
        self.check_tls(in_url, problems);
    }

    fn check_tls(&self, mode_in_url: bool, problems: &mut Problems) {
        if mode_in_url && self.sslmode.is_some() {
            problems.add_hidden(
                "postgres.sslmode",
                "is also in postgres.url; give it in one of them",
            );
        }
        let asked = self.sslmode.map_or(mode_in_url, SslMode::verifies);
        if self.ca.is_some() && !asked {
            let mend = "is asked only with postgres.sslmode `verify-ca` or `verify-full`; set one of them";
            problems.add_hidden("postgres.ca", mend);
        }
        if self.certificate.is_some() != self.key.is_some() {
            problems.add_hidden(
                "postgres.certificate",
                "give both postgres.certificate and postgres.key, or neither",
            );
        }
        if self.certificate.is_some() && self.sslmode == Some(SslMode::Disable) {
            let mend = "is shown only over TLS; set postgres.sslmode to `require` or more";
            problems.add_hidden("postgres.certificate", mend);
        }
    }
}
