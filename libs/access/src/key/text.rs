//! The text of a key: `sbx_ID_SECRET`. No clock, no I/O.

use std::fmt;

use ring::digest::{SHA256, digest};
use ring::rand::SecureRandom;

const PREFIX: &str = "sbx_";
const ID_BYTES: usize = 4;
const SECRET_BYTES: usize = 32;

/// A key: a prefix that scanners for leaked secrets can look for, a public id by which it is found and named in logs,
/// and 32 random bytes. All of it in lower-case hexadecimal digits.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey {
    id: String,
    secret: String,
}

impl ApiKey {
    /// A new key. None if the system gives no random bytes.
    pub fn new(random: &dyn SecureRandom) -> Option<Self> {
        let mut bytes = [0; ID_BYTES + SECRET_BYTES];
        random.fill(&mut bytes).ok()?;
        Some(Self {
            id: hex::encode(&bytes[..ID_BYTES]),
            secret: hex::encode(&bytes[ID_BYTES..]),
        })
    }

    /// Reads a key that was shown.
    pub fn read(text: &str) -> Option<Self> {
        let (id, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
        let digits = |text: &str, bytes: usize| {
            text.len() == 2 * bytes && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        };
        (digits(id, ID_BYTES) && digits(secret, SECRET_BYTES)).then(|| Self {
            id: id.to_owned(),
            secret: secret.to_owned(),
        })
    }

    /// The part that is no secret.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The whole key, for whoever is to use it.
    pub fn expose(&self) -> String {
        format!("{PREFIX}{}_{}", self.id, self.secret)
    }

    /// SHA-256 of the whole key.
    pub fn hash(&self) -> [u8; 32] {
        sha256(self.expose().as_bytes())
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}_[redacted]", self.id)
    }
}

/// SHA-256.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::rand::SystemRandom;

    #[test]
    fn a_key_is_read_as_it_was_made_and_never_printed() {
        let key = ApiKey::new(&SystemRandom::new()).unwrap();
        assert_eq!(ApiKey::read(&key.expose()), Some(key.clone()));
        assert_eq!(key.expose().len(), 4 + 8 + 1 + 64);
        assert!(!format!("{key:?}").contains(&key.secret));
        assert_ne!(ApiKey::new(&SystemRandom::new()).unwrap(), key);
    }

    #[test]
    fn nothing_else_is_a_key() {
        let good = format!("sbx_{}_{}", "0".repeat(8), "a".repeat(64));
        assert!(ApiKey::read(&good).is_some());
        for bad in [
            "",
            "sbx_",
            &good[..76],
            &good.to_uppercase(),
            &format!("{good}0"),
            &format!(" {good}"),
        ] {
            assert_eq!(ApiKey::read(bad), None, "{bad}");
        }
    }
}
