//! From settings to what a connection needs.

use settings::{PostgresSettings, SslMode};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Why no connection can be tried.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The address is not one.
    #[error("postgres.url cannot be read: {0}; write it like postgres://user:password@host:5432/database")]
    Address(String),
    /// A file of TLS cannot be used.
    #[error("{key} = {}: {reason}; name a file in PEM that this process may read", path.display())]
    File {
        /// The setting.
        key: &'static str,
        /// The file that it names.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

/// What every PEM file holds.
const PEM: &str = "-----BEGIN ";

/// Everything that a connection to the database of these settings needs. `application` is what the server shows in
/// `pg_stat_activity`.
///
/// The files of TLS are looked at now, so that a wrong path is an error at the start; each connection reads them
/// again, so that a renewed certificate is used without a restart.
pub fn options(settings: &PostgresSettings, application: &str) -> Result<PgConnectOptions, DatabaseError> {
    let address = PgConnectOptions::from_str(settings.url.expose());
    let mut options = address
        .map_err(|error| DatabaseError::Address(error.to_string()))?
        .application_name(application);
    if let Some(mode) = settings.sslmode {
        options = options.ssl_mode(in_their_words(mode));
    }
    if let Some(path) = &settings.ca {
        options = options.ssl_root_cert(readable("postgres.ca", path)?);
    }
    if let Some(path) = &settings.certificate {
        options = options.ssl_client_cert(readable("postgres.certificate", path)?);
    }
    if let Some(path) = &settings.key {
        options = options.ssl_client_key(readable("postgres.key", path)?);
    }
    Ok(options)
}

fn in_their_words(mode: SslMode) -> PgSslMode {
    match mode {
        SslMode::Disable => PgSslMode::Disable,
        SslMode::Prefer => PgSslMode::Prefer,
        SslMode::Require => PgSslMode::Require,
        SslMode::VerifyCa => PgSslMode::VerifyCa,
        SslMode::VerifyFull => PgSslMode::VerifyFull,
    }
}

fn readable<'a>(key: &'static str, path: &'a Path) -> Result<&'a Path, DatabaseError> {
    let unusable = |reason: String| DatabaseError::File {
        key,
        path: path.to_owned(),
        reason,
    };
    let text = std::fs::read_to_string(path).map_err(|error| unusable(error.to_string()))?;
    if text.contains(PEM) {
        Ok(path)
    } else {
        Err(unusable("it holds nothing in PEM".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_not_there_or_not_pem_is_named_with_its_setting() {
        let folder = tempfile::tempdir().unwrap();
        let wrong = folder.path().join("ca.der");
        std::fs::write(&wrong, b"0\x82").unwrap();
        for path in [wrong, folder.path().join("none.pem")] {
            let settings = PostgresSettings {
                ca: Some(path.clone()),
                ..PostgresSettings::default()
            };
            let told = options(&settings, "test").unwrap_err().to_string();
            assert!(
                told.starts_with("postgres.ca = ") && told.contains(&path.display().to_string()),
                "{told}"
            );
        }
    }

    #[test]
    fn the_setting_wins_over_the_address() {
        let settings = PostgresSettings {
            url: settings::Secret::new("postgres://u:p@h/d?sslmode=disable"),
            sslmode: Some(SslMode::VerifyFull),
            ..PostgresSettings::default()
        };
        let options = options(&settings, "test").unwrap();
        assert!(matches!(options.get_ssl_mode(), PgSslMode::VerifyFull));
    }
}
