//! Why a test has no servers. `Debug` says the same as `Display`, because `expect` and `?` in a test show `Debug`.

use std::fmt;

/// The servers or the sandbox are not to be had.
#[derive(Clone, thiserror::Error)]
pub enum TestkitError {
    /// The script that starts the servers could not be run.
    #[error("cannot run {command}: {reason}. To mend: run the tests from a checkout of the repository")]
    Script {
        /// The command line.
        command: String,
        /// What the operating system said.
        reason: String,
    },
    /// The servers could not be started, or do not do as told.
    #[error("the servers for tests are not up: {reason} (by hand: `{command}`)")]
    Down {
        /// The command line.
        command: String,
        /// What the script said, the mending included.
        reason: String,
    },
    /// The script left out an address.
    #[error("`deploy/local/parts env` names no {name}")]
    Unnamed {
        /// The variable that is missing.
        name: &'static str,
    },
    /// A set of servers of one test has no folder or no ports.
    #[error("no place for servers of this test's own: {reason}. To mend: free some space or ports")]
    Place {
        /// What the operating system said.
        reason: String,
    },
    /// The program under test does not build.
    #[error("the program does not build: {reason}. To mend: build it, or name one in SLUICEBOX_PROGRAM")]
    Program {
        /// What Cargo said.
        reason: String,
    },
    /// A certificate could not be made.
    #[error("no certificate: {reason}. To mend: give it another name")]
    Certificate {
        /// What the library said.
        reason: String,
    },
    /// The database of a sandbox could not be made.
    #[error(
        "cannot {action} in the PostgreSQL for tests: {reason}. To mend: `deploy/local/parts --test reset`"
    )]
    Database {
        /// What was tried.
        action: String,
        /// What the server said.
        reason: String,
    },
}

impl From<rcgen::Error> for TestkitError {
    fn from(error: rcgen::Error) -> Self {
        Self::Certificate {
            reason: error.to_string(),
        }
    }
}

impl fmt::Debug for TestkitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
