//! Why an afternoon could not be held at all.

use std::path::PathBuf;

/// See the module.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The servers for tests do not run.
    #[error(transparent)]
    Servers(#[from] testkit::TestkitError),
    /// The program cannot be run, or one of its commands failed.
    #[error("{command}: {why}")]
    Program {
        /// What was run.
        command: String,
        /// What it said.
        why: String,
    },
    /// The program did not become ready, or did not drain.
    #[error("{what} within {seconds} s")]
    Late {
        /// What did not happen.
        what: &'static str,
        /// How long was waited.
        seconds: u64,
    },
    /// A file or a socket of the run itself.
    #[error("{}: {why}", path.display())]
    Place {
        /// Where.
        path: PathBuf,
        /// Why not.
        why: std::io::Error,
    },
    /// The client of the run itself.
    #[error("an HTTP client cannot be made: {0}")]
    Client(#[from] reqwest::Error),
    /// The database does not answer.
    #[error("the database: {0}")]
    Database(#[from] sqlx::Error),
    /// The attackers cannot be started, or ended too soon.
    #[error("the attackers: {0}")]
    Attackers(String),
    /// The broker does not take what hostile producers send.
    #[error("the broker: {0}")]
    Broker(String),
}
