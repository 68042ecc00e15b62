//! Why a command ends without success, and the exit code that says so to scripts.

use registry::RegistryError;
use runtime::PublishError;
use runtime::admin::AdminError;
use settings::SettingsError;
use std::process::ExitCode;

/// What `--help` says about exit codes.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0  done, or everything is as it should be
  1  a check failed: something differs, is incompatible, or does not conserve
  2  the command line cannot be understood
  3  the configuration cannot be used
  4  a server cannot be reached: Kafka, the schema registry, PostgreSQL, the HTTP edge
  5  a file cannot be read or written
";

/// Why a command ends without success. The message is one clear line that says how to mend it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// Something was looked at, and is not as it should be.
    #[error("{0}")]
    Check(String),
    /// The arguments contradict each other or make no sense.
    #[error("{0}")]
    Usage(String),
    /// The configuration cannot be used.
    #[error("{0}")]
    Configuration(String),
    /// A server cannot be reached or does not do what it is asked.
    #[error("{0}")]
    Unreachable(String),
    /// A file cannot be read or written.
    #[error("{0}")]
    File(String),
}

impl Failure {
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Check(_) => 1,
            Self::Usage(_) => 2,
            Self::Configuration(_) => 3,
            Self::Unreachable(_) => 4,
            Self::File(_) => 5,
        })
    }
}

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Self {
        Self::Configuration(error.to_string())
    }
}

impl From<RegistryError> for Failure {
    fn from(error: RegistryError) -> Self {
        match error {
            RegistryError::Incompatible { .. } => Self::Check(error.to_string()),
            RegistryError::Client(_) => Self::Configuration(error.to_string()),
            _ => Self::Unreachable(error.to_string()),
        }
    }
}

impl From<PublishError> for Failure {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::Settings(_) => Self::Configuration(error.to_string()),
            PublishError::TooLarge { .. } => Self::Check(error.to_string()),
            PublishError::QueueFull | PublishError::Unavailable { .. } => {
                Self::Unreachable(error.to_string())
            }
        }
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Unreachable(format!(
            "PostgreSQL: {}; if a table is missing, run `sluicebox migrate up`",
            database::explain(&error)
        ))
    }
}

impl From<AdminError> for Failure {
    fn from(error: AdminError) -> Self {
        match error {
            AdminError::Settings(_) => Self::Configuration(error.to_string()),
            AdminError::Refused { .. } => Self::Check(error.to_string()),
            AdminError::Unreachable { .. } => Self::Unreachable(error.to_string()),
        }
    }
}
