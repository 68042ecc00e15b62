//! Claims of a token whose signature was verified: what must hold, and whom they describe. No clock, no I/O.

use std::collections::BTreeSet;

use model::{Millis, is_tenant};
use serde_json::{Map, Value};

use super::{Token, TokenFault};
use crate::caller::{self, Caller};
use crate::glob::Globs;
use crate::rate::Rate;
use crate::scope::Scope;

/// Longest `sub`, in bytes.
const LONGEST_SUBJECT: usize = 256;
/// What may stand before the name of a scope, for issuers that serve several programs.
const SCOPE_PREFIX: &str = "sluicebox:";

/// What must hold of a token.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expected {
    /// One of these must be in `aud`; with none, `aud` is not looked at.
    pub audience: Vec<String>,
    /// How far clocks may differ, in milliseconds.
    pub leeway: Millis,
}

/// Where claims stand, as names with dots between objects and members (`realm_access.roles`); a claim whose own name
/// has dots (`https://example.com/tenant`) is found too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimNames {
    /// A text.
    pub tenant: String,
    /// A text with blanks between (RFC 8693), or a list.
    pub scopes: String,
    /// Patterns: a text with blanks between, or a list. Without the claim, any source.
    pub sources: String,
    /// Patterns, as with sources.
    pub types: String,
}

impl Default for ClaimNames {
    fn default() -> Self {
        Self {
            tenant: "tenant".to_owned(),
            scopes: "scope".to_owned(),
            sources: "sources".to_owned(),
            types: "types".to_owned(),
        }
    }
}

/// How an issuer's tokens become callers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subject {
    /// The issuer's name in principals, `NAME:SUB`.
    pub issuer: String,
    /// Where the claims stand.
    pub claims: ClaimNames,
    /// The tenant of tokens that name none.
    pub tenant: Option<String>,
    /// The only scopes that the issuer can give; all of them if none are named.
    pub scopes: BTreeSet<Scope>,
    /// How much each subject may send.
    pub rate: Rate,
}

impl Token<'_> {
    /// Checks `exp`, `nbf`, `iat` and `aud`.
    pub fn check(&self, expected: &Expected, now: Millis) -> Result<(), TokenFault> {
        let expiry = self.instant("exp")?.ok_or(TokenFault::NoExpiry)?;
        if now >= expiry.saturating_add(expected.leeway) {
            return Err(TokenFault::Expired);
        }
        for name in ["nbf", "iat"] {
            let begins = self.instant(name)?.unwrap_or(Millis::MIN);
            if now < begins.saturating_sub(expected.leeway) {
                return Err(TokenFault::NotYet);
            }
        }
        let audience = texts(self.claims.get("aud"), |text| vec![text.to_owned()])?.unwrap_or_default();
        let named =
            expected.audience.is_empty() || expected.audience.iter().any(|wanted| audience.contains(wanted));
        if named { Ok(()) } else { Err(TokenFault::Audience) }
    }

    /// A `NumericDate`, which may have a fraction, in milliseconds.
    fn instant(&self, name: &str) -> Result<Option<Millis>, TokenFault> {
        let Some(value) = self.claims.get(name) else {
            return Ok(None);
        };
        let seconds = value.as_f64().filter(|seconds| seconds.is_finite());
        let seconds = seconds.ok_or(TokenFault::Malformed)?;
        #[expect(clippy::cast_possible_truncation, reason = "a cast of a double saturates")]
        Ok(Some((seconds * 1000.0) as Millis))
    }

    /// Whom the token describes.
    pub fn caller(&self, subject: &Subject) -> Result<Caller, TokenFault> {
        let names = &subject.claims;
        Ok(Caller {
            name: format!("{}:{}", subject.issuer, self.subject()?),
            tenant: self.tenant(subject)?,
            known: true,
            scopes: self.scopes(subject)?,
            sources: self.globs(&names.sources)?,
            types: self.globs(&names.types)?,
            rate: subject.rate,
        })
    }

    fn subject(&self) -> Result<&str, TokenFault> {
        let subject = self.claims.get("sub").and_then(Value::as_str);
        let plain = |text: &&str| {
            !text.is_empty() && text.len() <= LONGEST_SUBJECT && !text.chars().any(char::is_control)
        };
        subject.filter(plain).ok_or(TokenFault::Subject)
    }

    /// A claim never means all tenants; only the configuration says that.
    fn tenant(&self, subject: &Subject) -> Result<Option<String>, TokenFault> {
        match at(&self.claims, &subject.claims.tenant) {
            Some(claim) => {
                let name = claim.as_str().filter(|name| is_tenant(name));
                name.map(|name| Some(name.to_owned())).ok_or(TokenFault::Tenant)
            }
            None => match subject.tenant.as_deref() {
                Some(tenant) => Ok(caller::of(tenant)),
                None => Err(TokenFault::Tenant),
            },
        }
    }

    fn scopes(&self, subject: &Subject) -> Result<BTreeSet<Scope>, TokenFault> {
        let given = texts(at(&self.claims, &subject.claims.scopes), words)?.unwrap_or_default();
        let known = given
            .iter()
            .filter_map(|name| Scope::named(name.strip_prefix(SCOPE_PREFIX).unwrap_or(name)));
        let allowed = |scope: &Scope| subject.scopes.is_empty() || subject.scopes.contains(scope);
        Ok(known.filter(allowed).collect())
    }

    fn globs(&self, name: &str) -> Result<Globs, TokenFault> {
        let patterns = texts(at(&self.claims, name), words)?;
        Ok(patterns.map_or_else(Globs::any, Globs::of))
    }
}

fn words(text: &str) -> Vec<String> {
    text.split_ascii_whitespace().map(str::to_owned).collect()
}

/// A claim that is one text or a list of texts.
fn texts(
    claim: Option<&Value>,
    split: impl Fn(&str) -> Vec<String>,
) -> Result<Option<Vec<String>>, TokenFault> {
    match claim {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(split(text))),
        Some(Value::Array(items)) => items
            .iter()
            .map(|item| item.as_str().map(str::to_owned).ok_or(TokenFault::Claims))
            .collect::<Result<_, _>>()
            .map(Some),
        Some(_) => Err(TokenFault::Claims),
    }
}

/// The claim of this name, else the one at this path.
fn at<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    if let Some(claim) = claims.get(name) {
        return Some(claim);
    }
    let (first, rest) = name.split_once('.')?;
    at(claims.get(first)?.as_object()?, rest)
}
