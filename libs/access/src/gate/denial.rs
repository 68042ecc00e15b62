//! Why a request is not let in. No I/O.

use std::time::Duration;

use crate::jwt::TokenFault;
use crate::scope::Scope;

/// Why a request is not let in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denial {
    /// It shows nothing.
    #[error("send an API key or a token as `Authorization: Bearer`, or a key as `X-API-Key`")]
    Nothing,
    /// No key of ours. Why exactly stands in the metrics and the log, not in the answer.
    #[error("this key is not known here, has expired or was revoked; ask the operator for one")]
    Unknown,
    /// A key whose time is over.
    #[error("this key is not known here, has expired or was revoked; ask the operator for one")]
    Expired,
    /// A key that was revoked.
    #[error("this key is not known here, has expired or was revoked; ask the operator for one")]
    Revoked,
    /// A token that is not taken.
    #[error("{0}; get a new one from its issuer")]
    Token(#[from] TokenFault),
    /// The issuer's keys cannot be had.
    #[error("the public keys of the token's issuer cannot be fetched now; send it again later")]
    KeysAway,
    /// Known, but without the right.
    #[error("this needs the scope `{0}`, which the key or token does not have")]
    Scope(Scope),
    /// Too many failed logins from this address.
    #[error("too many failed logins from this address; wait, then send the right key")]
    SlowedDown(Duration),
    /// More than the key's rate.
    #[error("more events or bytes a second than this key may send; wait, or ask for a higher rate")]
    TooMuch(Duration),
}

impl Denial {
    /// The HTTP status.
    pub fn status(&self) -> u16 {
        match self {
            Self::Nothing | Self::Unknown | Self::Expired | Self::Revoked | Self::Token(_) => 401,
            Self::Scope(_) => 403,
            Self::SlowedDown(_) | Self::TooMuch(_) => 429,
            Self::KeysAway => 503,
        }
    }

    /// The short name, for metrics and logs.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Nothing => "no_credentials",
            Self::Unknown => "unknown_key",
            Self::Expired => "expired_key",
            Self::Revoked => "revoked_key",
            Self::Token(fault) => fault.reason(),
            Self::KeysAway => "issuer_away",
            Self::Scope(_) => "missing_scope",
            Self::SlowedDown(_) => "too_many_failed_logins",
            Self::TooMuch(_) => "rate_limited",
        }
    }

    /// What kind of problem it is, in words.
    pub fn title(&self) -> &'static str {
        match self.status() {
            401 => "Key required",
            403 => "Not allowed",
            429 => "Too many requests",
            _ => "The token's issuer does not answer",
        }
    }

    /// `WWW-Authenticate`. Source: RFC 6750, section 3.
    pub fn challenge(&self) -> Option<&'static str> {
        match self {
            Self::Nothing => Some("Bearer realm=\"sluicebox\""),
            Self::Scope(_) => Some("Bearer realm=\"sluicebox\", error=\"insufficient_scope\""),
            _ if self.status() == 401 => Some("Bearer realm=\"sluicebox\", error=\"invalid_token\""),
            _ => None,
        }
    }

    /// `Retry-After`.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::SlowedDown(wait) | Self::TooMuch(wait) => Some(*wait),
            Self::KeysAway => Some(Duration::from_secs(5)),
            _ => None,
        }
    }

    /// Whether it was an attempt with something wrong.
    pub(crate) fn is_failed_login(&self) -> bool {
        self.status() == 401 && *self != Self::Nothing
    }
}
