//! Why the registry gave no answer that can be used.

use schema_registry_converter::error::SRCError;
use std::error::Error;

/// What the registry said, or that it said nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// Nobody answers, or something is wrong over there: wait and ask again.
    #[error(
        "the schema registry at {url} does not answer: {why}; start it, or mend registry.url in the settings"
    )]
    Away {
        /// Where it should be.
        url: String,
        /// What went wrong.
        why: String,
    },
    /// There is no such thing.
    #[error("the schema registry does not know {what}")]
    Unknown {
        /// What was asked for.
        what: String,
    },
    /// Our schema is not there, and we may not put it there.
    #[error(
        "the schema registry does not have this version of {subject}, and registry.register is false; run \
         `sluicebox schemas register` as a user who may write to the registry"
    )]
    NotRegistered {
        /// The subject.
        subject: String,
    },
    /// The schema would make older records unreadable.
    #[error(
        "the schema registry refuses {subject}, because it is incompatible with a version there: {why}; \
         `sluicebox schemas check --registry` says which field"
    )]
    Incompatible {
        /// The subject.
        subject: String,
        /// What the registry said.
        why: String,
    },
    /// It does not want us, or does not understand us: asking again does not help.
    #[error(
        "the schema registry refuses {what}: {why}; check registry.username and registry.password, or registry.token"
    )]
    Refused {
        /// What was asked for.
        what: String,
        /// What the registry said.
        why: String,
    },
    /// No client can be made of these settings.
    #[error("no client for the schema registry can be made: {0}")]
    Client(String),
}

impl RegistryError {
    /// Whether waiting may help.
    pub fn is_away(&self) -> bool {
        matches!(self, Self::Away { .. })
    }

    /// Whether waiting at the start may help: for the registry, or for whoever registers our schemas.
    pub(crate) fn may_pass(&self) -> bool {
        matches!(self, Self::Away { .. } | Self::NotRegistered { .. })
    }

    /// The library tells statuses apart only in its message, which ends with the status.
    pub(crate) fn from_answer(error: &SRCError, url: &str, what: &str) -> Self {
        let why = innermost(error).unwrap_or_else(|| error.error.clone());
        let status = status(&error.error);
        match (Self::from_status(status, why, url, what), status) {
            (Self::Refused { what, why }, Some(status)) => Self::Refused {
                what,
                why: format!("{why} (HTTP {status})"),
            },
            (told, _) => told,
        }
    }

    /// What a status means; none is no answer.
    pub(crate) fn from_status(status: Option<u16>, why: String, url: &str, what: &str) -> Self {
        let what = what.to_owned();
        let url = url.to_owned();
        match status {
            Some(404) => Self::Unknown { what },
            Some(409) => Self::Incompatible { subject: what, why },
            Some(408 | 429 | 500..) | None => Self::Away { url, why },
            Some(_) => Self::Refused { what, why },
        }
    }
}

fn status(message: &str) -> Option<u16> {
    let (_, status) = message.split_once("failed with status ")?;
    status.split(' ').next()?.parse().ok()
}

/// The cause of the cause, if there is any: "connection refused" says more than "error sending request".
pub(crate) fn innermost(error: &dyn Error) -> Option<String> {
    let mut cause = error.source()?;
    while let Some(next) = cause.source() {
        cause = next;
    }
    Some(cause.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: &str) -> RegistryError {
        let message = format!("HTTP request to schema registry failed with status {status}");
        RegistryError::from_answer(
            &SRCError::non_retryable_without_cause(&message),
            "http://r",
            "schema id 7",
        )
    }

    #[test]
    fn only_a_clear_no_is_a_no() {
        assert!(matches!(answered("404 Not Found"), RegistryError::Unknown { .. }));
        assert!(matches!(
            answered("409 Conflict"),
            RegistryError::Incompatible { .. }
        ));
        assert!(matches!(
            answered("401 Unauthorized"),
            RegistryError::Refused { .. }
        ));
        for trouble in [
            "500 Internal Server Error",
            "503 Service Unavailable",
            "429 Too Many Requests",
        ] {
            assert!(answered(trouble).is_away(), "{trouble}");
        }
    }
}
