//! Verifying signatures with ring, which compares in constant time. No I/O.

use ring::hmac;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};

use super::jwks::{Key, Material};
use super::{Algorithm, JwkSet, Token, TokenFault};

/// A shared secret for HS256.
#[derive(Debug, Clone)]
pub struct HmacSecret(hmac::Key);

impl HmacSecret {
    /// A secret; RFC 7518 section 3.2 asks for at least 32 bytes.
    pub fn new(secret: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }
}

/// What looking up a token's key came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Signed by its issuer.
    Good,
    /// The set holds no such key; a newer one may.
    UnknownKey,
}

impl Token<'_> {
    /// Verifies the signature with an issuer's public keys. `HS256` is refused: its secret would be a public key.
    pub fn verify(&self, keys: &JwkSet) -> Result<Verdict, TokenFault> {
        if self.algorithm == Algorithm::Hs256 {
            return Err(TokenFault::Algorithm);
        }
        match self.key(keys) {
            None => Ok(Verdict::UnknownKey),
            // An issuer that says the key's name and another kind of algorithm.
            Some(key) if !key.is_for(self.algorithm) => Err(TokenFault::Algorithm),
            Some(key) if self.is_signed_by(key) => Ok(Verdict::Good),
            Some(_) => Err(TokenFault::Signature),
        }
    }

    /// The key of the token's name; without one, the only key there is for its algorithm.
    fn key<'k>(&self, keys: &'k JwkSet) -> Option<&'k Key> {
        if let Some(kid) = &self.kid {
            return keys.0.iter().find(|key| key.kid.as_ref() == Some(kid));
        }
        let mut fitting = keys.0.iter().filter(|key| key.is_for(self.algorithm));
        let first = fitting.next()?;
        fitting.next().is_none().then_some(first)
    }

    fn is_signed_by(&self, key: &Key) -> bool {
        let (signed, signature) = (self.signed.as_bytes(), &self.signature);
        match &key.material {
            Material::Rsa { n, e } => RsaPublicKeyComponents { n, e }
                .verify(&RSA_PKCS1_2048_8192_SHA256, signed, signature)
                .is_ok(),
            Material::P256(point) => UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
                .verify(signed, signature)
                .is_ok(),
            Material::Ed25519(point) => UnparsedPublicKey::new(&ED25519, point)
                .verify(signed, signature)
                .is_ok(),
        }
    }

    /// Verifies the signature with any of these secrets; several, so that they can be changed.
    pub fn verify_hmac(&self, secrets: &[HmacSecret]) -> Result<(), TokenFault> {
        if self.algorithm != Algorithm::Hs256 {
            return Err(TokenFault::Algorithm);
        }
        let signed = self.signed.as_bytes();
        let by = |secret: &HmacSecret| hmac::verify(&secret.0, signed, &self.signature).is_ok();
        if secrets.iter().any(by) {
            Ok(())
        } else {
            Err(TokenFault::Signature)
        }
    }
}
