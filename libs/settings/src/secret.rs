//! A string that must never reach a log, an error or a printed configuration.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What is shown in place of a secret.
pub(crate) const REDACTED: &str = "[redacted]";

/// A secret text. `Debug`, `Display` and `Serialize` all give `[redacted]`; only [`Secret::expose`] gives it away.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Wraps a text that is to be kept secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing to hide.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(REDACTED)
    }
}

/// Shows an address without its query, where providers have keys.
pub(crate) fn without_query<S: Serializer>(address: &str, serializer: S) -> Result<S::Ok, S::Error> {
    match address.split_once('?') {
        Some((before, _)) => serializer.collect_str(&format_args!("{before}?{REDACTED}")),
        None => serializer.serialize_str(address),
    }
}

/// The same of an address that may not be given.
#[expect(clippy::ref_option, reason = "what serde calls")]
pub(crate) fn without_query_if_any<S: Serializer>(
    address: &Option<String>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match address {
        Some(address) => without_query(address, serializer),
        None => serializer.serialize_none(),
    }
}

/// `Debug` for settings of which a member may hold a secret without being one: shows what is printed of them.
macro_rules! debug_as_printed {
    ($settings:ty) => {
        impl std::fmt::Debug for $settings {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let printed = serde_json::to_string(self).map_err(|_| std::fmt::Error)?;
                write!(f, "{} {printed}", stringify!($settings))
            }
        }
    };
}

pub(crate) use debug_as_printed;

/// One secret or several, so that they can be changed without a gap: the new one is added, and the old one taken away
/// once nobody needs it. A text alone is a list of one; empty texts are none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Secrets(Vec<Secret>);

impl Secrets {
    /// These, in this order.
    pub fn new(secrets: impl IntoIterator<Item = Secret>) -> Self {
        let secrets = secrets.into_iter();
        Self(
            secrets
                .filter(|secret| !secret.expose().trim().is_empty())
                .collect(),
        )
    }

    /// For the list of known keys.
    pub(crate) fn specimen() -> Self {
        Self(vec![Secret::default()])
    }

    /// Each of them.
    pub fn iter(&self) -> std::slice::Iter<'_, Secret> {
        self.0.iter()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> IntoIterator for &'a Secrets {
    type Item = &'a Secret;
    type IntoIter = std::slice::Iter<'a, Secret>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl From<Secret> for Secrets {
    fn from(secret: Secret) -> Self {
        Self::new([secret])
    }
}

impl<'de> Deserialize<'de> for Secrets {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum OneOrMany {
            One(Secret),
            Many(Vec<Secret>),
        }
        Ok(match OneOrMany::deserialize(deserializer)? {
            OneOrMany::One(secret) => Self::from(secret),
            OneOrMany::Many(secrets) => Self::new(secrets),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_a_list_of_one() {
        let read = |json: &str| serde_json::from_str::<Secrets>(json).unwrap();
        let shown = |secrets: &Secrets| {
            secrets
                .iter()
                .map(|secret| secret.expose().to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(shown(&read("\"a\"")), ["a"]);
        assert_eq!(shown(&read("[\"a\", \"\", \"b\"]")), ["a", "b"]);
        assert!(read("\"\"").is_empty());
        assert_eq!(serde_json::to_string(&read("\"a\"")).unwrap(), "[\"[redacted]\"]");
    }

    #[test]
    fn no_way_of_printing_shows_the_text() {
        let secret = Secret::new("hunter2");
        let shown = format!("{secret} {secret:?} {}", serde_json::to_string(&secret).unwrap());
        assert_eq!(shown, "[redacted] [redacted] \"[redacted]\"");
        assert_eq!(secret.expose(), "hunter2");
    }
}
