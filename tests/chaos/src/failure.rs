//! Why a run could not be carried through; what a run finds is no failure but its result.

use std::path::PathBuf;

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The servers of the run do not do what they are told.
    #[error(transparent)]
    Servers(#[from] testkit::TestkitError),
    /// The program under test cannot be had.
    #[error("the program {path} cannot be run: {why}; build it, or name it in SLUICEBOX_PROGRAM")]
    Program {
        /// Where it should be.
        path: PathBuf,
        /// What went wrong.
        why: String,
    },
    /// A command of the program failed.
    #[error("`sluicebox {command}` failed: {said}")]
    Command {
        /// Its arguments.
        command: String,
        /// What it printed.
        said: String,
    },
    /// A file or a port of the run is not to be had.
    #[error("{what}: {why}; free some disk, ports or file descriptors")]
    Place {
        /// Which.
        what: String,
        /// What the operating system said.
        why: std::io::Error,
    },
    /// The configuration that the run writes is not taken.
    #[error("the run's own configuration is not taken: {0}")]
    Settings(#[from] settings::SettingsError),
    /// The cluster cannot be read.
    #[error(transparent)]
    Kafka(#[from] runtime::admin::AdminError),
    /// The schemas cannot be had.
    #[error(transparent)]
    Registry(#[from] registry::RegistryError),
    /// Records cannot be sent at all.
    #[error(transparent)]
    Publish(#[from] runtime::PublishError),
    /// The database cannot be read.
    #[error("the database cannot be read: {0}; look at postgres.log in the run's folder")]
    Database(#[from] sqlx::Error),
    /// Nothing can be folded.
    #[error(transparent)]
    Fold(#[from] oracle::stages::StageError),
    /// An answer that nobody expects was given to a request of the day.
    #[error("{path} answered {status} to what should be {expected}: {body}")]
    Answer {
        /// The path.
        path: &'static str,
        /// The HTTP status.
        status: u16,
        /// What was expected.
        expected: String,
        /// The beginning of the body.
        body: String,
    },
    /// Something did not come within its time.
    #[error("{what} within {patience:?}")]
    Patience {
        /// What did not come.
        what: String,
        /// How long it was waited for.
        patience: std::time::Duration,
    },
    /// A task of the run ended early.
    #[error("a task of the run ended early: {0}")]
    Task(#[from] tokio::task::JoinError),
}

impl Failure {
    pub(crate) fn cannot_run(why: &std::io::Error) -> Self {
        Self::Program {
            path: testkit::program().unwrap_or_default(),
            why: why.to_string(),
        }
    }

    /// A file or a port.
    pub(crate) fn place(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |why| Self::Place { what, why }
    }
}
