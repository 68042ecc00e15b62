//! A set of public keys, as issuers publish it. Source: RFC 7517. No I/O.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::Algorithm;

/// Keys of one set that are looked at.
const MOST_KEYS: usize = 64;

/// Why a text is no set of keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JwkError {
    /// Not JSON with a list `keys`.
    #[error("not a JSON Web Key Set: {0}")]
    NotASet(String),
    /// Nothing that can verify a signature.
    #[error("the key set holds no key for RS256, ES256 or EdDSA")]
    NoKey,
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

/// The numbers of a public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Material {
    /// Modulus and exponent, big-endian.
    Rsa { n: Vec<u8>, e: Vec<u8> },
    /// The uncompressed point on P-256.
    P256(Vec<u8>),
    /// The point on Ed25519.
    Ed25519(Vec<u8>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) kid: Option<String>,
    pub(super) material: Material,
}

impl Key {
    pub(super) fn is_for(&self, algorithm: Algorithm) -> bool {
        matches!(
            (&self.material, algorithm),
            (Material::Rsa { .. }, Algorithm::Rs256)
                | (Material::P256(_), Algorithm::Es256)
                | (Material::Ed25519(_), Algorithm::EdDsa)
        )
    }
}

/// An issuer's public keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JwkSet(pub(super) Vec<Key>);

impl JwkSet {
    /// Reads a set. Keys of other kinds and for other uses are left out, as RFC 7517 section 5 asks.
    pub fn read(json: &[u8]) -> Result<Self, JwkError> {
        let set: Set = serde_json::from_slice(json).map_err(|error| JwkError::NotASet(error.to_string()))?;
        let jwks = set.keys.into_iter().take(MOST_KEYS);
        let jwks = jwks.filter_map(|value| serde_json::from_value::<Jwk>(value).ok());
        let keys: Vec<_> = jwks.filter_map(key).collect();
        if keys.is_empty() {
            Err(JwkError::NoKey)
        } else {
            Ok(Self(keys))
        }
    }
}

fn key(jwk: Jwk) -> Option<Key> {
    let verifies = jwk.key_ops.is_none_or(|ops| ops.iter().any(|op| op == "verify"));
    let signs = jwk.usage.is_none_or(|usage| usage == "sig");
    let number = |text: Option<String>| URL_SAFE_NO_PAD.decode(text?).ok();
    let coordinate = |text| number(text).filter(|bytes| bytes.len() == 32);
    let (material, algorithm) = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
        ("RSA", None) => (
            Material::Rsa {
                n: number(jwk.n)?,
                e: number(jwk.e)?,
            },
            "RS256",
        ),
        ("EC", Some("P-256")) => {
            let (x, y) = (coordinate(jwk.x)?, coordinate(jwk.y)?);
            (Material::P256([&[4][..], &x, &y].concat()), "ES256")
        }
        ("OKP", Some("Ed25519")) => (Material::Ed25519(coordinate(jwk.x)?), "EdDSA"),
        _ => return None,
    };
    let same = jwk.alg.is_none_or(|named| named == algorithm);
    (verifies && signs && same).then_some(Key {
        kid: jwk.kid,
        material,
    })
}
