//! JSON Web Tokens: signed, not encrypted, in compact form. No I/O; time is given.
//!
//! Sources: RFC 7515 (JWS), RFC 7517 (JWK), RFC 7519 (JWT), RFC 8037 (`EdDSA`), RFC 8725 (best current practices). Of
//! the header only `alg`, `kid` and `crit` are read: the algorithms are the issuer's, chosen by the configuration, and
//! a key of one kind never verifies a signature of another. `none` is no algorithm here.

mod claims;
mod compact;
mod jwks;
mod signature;

pub use claims::{ClaimNames, Expected, Subject};
pub use compact::{Algorithm, Token};
pub use jwks::{JwkError, JwkSet};
pub use signature::{HmacSecret, Verdict};

/// Why a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenFault {
    /// Not three parts of base64url with JSON objects in the first two.
    #[error("the token is no JSON Web Token in compact form")]
    Malformed,
    /// An algorithm that its issuer does not use.
    #[error("the token's `alg` is not one that is taken from its issuer")]
    Algorithm,
    /// Extensions that must be understood and are not.
    #[error("the token's header holds `crit`, of which nothing is understood here")]
    Critical,
    /// Nobody whose tokens are taken.
    #[error("the token's `iss` is not one whose tokens are taken here")]
    Issuer,
    /// A key that its issuer does not publish.
    #[error("the token's `kid` is not one of its issuer's keys")]
    UnknownKey,
    /// A signature that is not its issuer's.
    #[error("the token's signature is not its issuer's")]
    Signature,
    /// No `exp`.
    #[error("the token has no `exp`; tokens that never end are not taken")]
    NoExpiry,
    /// Over.
    #[error("the token has expired")]
    Expired,
    /// Not begun.
    #[error("the token is not valid yet; look at `nbf`, `iat` and the clocks")]
    NotYet,
    /// For somebody else.
    #[error("the token's `aud` does not name this service")]
    Audience,
    /// No tenant, or one that is no name.
    #[error("the token names no tenant, or one that is not a name of a tenant")]
    Tenant,
    /// No subject.
    #[error("the token's `sub` is missing or is no plain text of at most 256 bytes")]
    Subject,
    /// Scopes, sources or types that cannot be read.
    #[error("the token's scopes, sources or types are no text and no list of texts")]
    Claims,
}

impl TokenFault {
    /// The short name, for metrics.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Malformed => "token_malformed",
            Self::Algorithm => "token_algorithm",
            Self::Critical => "token_critical",
            Self::Issuer => "token_issuer",
            Self::UnknownKey => "token_unknown_key",
            Self::Signature => "token_signature",
            Self::NoExpiry => "token_no_expiry",
            Self::Expired => "token_expired",
            Self::NotYet => "token_not_yet",
            Self::Audience => "token_audience",
            Self::Tenant => "token_tenant",
            Self::Subject => "token_subject",
            Self::Claims => "token_claims",
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
