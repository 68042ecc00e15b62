//! Signatures of Standard Webhooks 1.0.0, symmetric: HMAC-SHA256 over `id.timestamp.body`. Pure.
//!
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>

use base64::Engine;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hmac::{Hmac, Mac};
use settings::Secret;
use sha2::Sha256;

/// Users leave the padding away as often as not.
const FORGIVING: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Why a secret cannot sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignerError {
    /// It is no base64.
    #[error("the secret is not base64; make one with: echo whsec_$(openssl rand -base64 32)")]
    NotBase64,
    /// The standard asks for 24 to 64 bytes.
    #[error(
        "the secret holds {0} bytes, and 24 to 64 are needed; make one with: echo whsec_$(openssl rand -base64 32)"
    )]
    Length(usize),
}

/// Signs messages with one secret.
#[derive(Clone)]
pub struct Signer(Hmac<Sha256>);

impl Signer {
    /// A signer with a secret in base64, with or without `whsec_` before it.
    pub fn new(secret: &Secret) -> Result<Self, SignerError> {
        let text = secret.expose().trim();
        let key = FORGIVING
            .decode(text.strip_prefix("whsec_").unwrap_or(text))
            .map_err(|_| SignerError::NotBase64)?;
        if !(24..=64).contains(&key.len()) {
            return Err(SignerError::Length(key.len()));
        }
        Hmac::new_from_slice(&key)
            .map(Self)
            .map_err(|_| SignerError::Length(key.len()))
    }

    /// The value of `webhook-signature` for a message sent at `timestamp` (seconds since 1970).
    pub fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let mut mac = self.0.clone();
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body);
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn the_vectors_of_the_standard_hold() {
        let shared = std::env::var_os("SLUICEBOX_SHARED_DATA").map_or_else(
            || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
            PathBuf::from,
        );
        let Ok(text) = std::fs::read_to_string(shared.join("apis/standard_webhooks/vectors.json")) else {
            eprintln!("skipped: no shared data at {}", shared.display());
            return;
        };
        let file: serde_json::Value = serde_json::from_str(&text).unwrap();
        let vectors = file["vectors"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|vector| vector["webhook-timestamp"].is_i64());
        let mut checked = 0;
        for vector in vectors {
            let signer = Signer::new(&Secret::new(vector["secret"].as_str().unwrap())).unwrap();
            let body = vector["body"].as_str().unwrap();
            let id = vector["webhook-id"].as_str().unwrap();
            let signature = signer.sign(id, vector["webhook-timestamp"].as_i64().unwrap(), body.as_bytes());
            assert_eq!(
                signature == vector["signature"].as_str().unwrap(),
                vector["valid"].as_bool().unwrap()
            );
            checked += 1;
        }
        assert!(checked > 0, "the file has no vector with a time");
    }

    #[test]
    fn the_published_example_holds() {
        let signer = Signer::new(&Secret::new("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")).unwrap();
        let body = br#"{"email":"test@example.com","username":"test_user"}"#;
        let signature = signer.sign("msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", 1_649_367_553, body);
        assert_eq!(signature, "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=");
    }

    #[test]
    fn weak_and_malformed_secrets_are_refused() {
        let refused = |text: &str| Signer::new(&Secret::new(text)).err();
        assert_eq!(refused(""), Some(SignerError::Length(0)));
        assert_eq!(refused("whsec_"), Some(SignerError::Length(0)));
        assert_eq!(refused("whsec_c2hvcnQ="), Some(SignerError::Length(5)));
        assert_eq!(refused("whsec_not base64!"), Some(SignerError::NotBase64));
        assert_eq!(refused("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), None);
    }
}
