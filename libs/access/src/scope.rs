//! What a caller may be allowed to do. No I/O.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One right. A key or token holds a set of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Send events.
    Ingest,
    /// Ask the API.
    Read,
    /// Read what only an operator needs, such as payloads of dead letters. Includes [`Scope::Read`].
    Admin,
    /// What this sender says of itself and of others counts: author weight, spam, sentiment, others' subjects.
    Trusted,
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Ingest, Self::Read, Self::Admin, Self::Trusted];

    /// The name in files, claims and answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Read => "read",
            Self::Admin => "admin",
            Self::Trusted => "trusted",
        }
    }

    /// The scope of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
