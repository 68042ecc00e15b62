//! Who a request is from, and what that allows. No clock, no I/O.

use std::collections::BTreeSet;

use model::{DEFAULT_TENANT, is_tenant};

use crate::glob::Globs;
use crate::rate::Rate;
use crate::scope::Scope;

/// Who a request is from. Services find it among the request's extensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The key's name, the token's issuer and subject, or `anonymous`; for logs.
    pub name: String,
    /// Whose data it is about; every tenant's if none.
    pub tenant: Option<String>,
    /// Whether it showed who it is. Events of others have no principal.
    pub known: bool,
    /// What it may do.
    pub scopes: BTreeSet<Scope>,
    /// Which sources it may send events of.
    pub sources: Globs,
    /// Which types of events it may send.
    pub types: Globs,
    /// How much it may send.
    pub rate: Rate,
}

/// What an event says about whose and what it is; nothing where it does not say.
#[derive(Debug, Clone, Copy, Default)]
pub struct Claim<'a> {
    /// Empty if the event names none.
    pub tenant: &'a str,
    /// CloudEvents `source`.
    pub source: &'a str,
    /// CloudEvents `type`.
    pub kind: &'a str,
    /// CloudEvents `subject`.
    pub subject: Option<&'a str>,
}

/// A member of an event that its sender may not set like that.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Forbidden {
    /// Another tenant than the key's.
    #[error("`tenant` is {given:?}; this key is of the tenant {own:?}: leave the member away")]
    Tenant {
        /// What was sent.
        given: String,
        /// The key's.
        own: String,
    },
    /// A source that is not the key's.
    #[error("`source` is {given:?}; this key may send {allowed}")]
    Source {
        /// What was sent.
        given: String,
        /// The key's patterns.
        allowed: String,
    },
    /// A type that is not the key's.
    #[error("`type` is {given:?}; this key may send {allowed}")]
    Type {
        /// What was sent.
        given: String,
        /// The key's patterns.
        allowed: String,
    },
    /// An event about a source that is not the key's, without the scope `trusted`.
    #[error("`subject` is {given:?}, another source's; that needs a key with the scope `trusted`")]
    Subject {
        /// What was sent.
        given: String,
    },
}

impl Forbidden {
    /// The member that is at fault.
    pub fn field(&self) -> &'static str {
        match self {
            Self::Tenant { .. } => "tenant",
            Self::Source { .. } => "source",
            Self::Type { .. } => "type",
            Self::Subject { .. } => "subject",
        }
    }

    /// The short name, for metrics.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Tenant { .. } => "forbidden_tenant",
            Self::Source { .. } => "forbidden_source",
            Self::Type { .. } => "forbidden_type",
            Self::Subject { .. } => "forbidden_subject",
        }
    }
}

impl Caller {
    /// Anybody, where nobody is asked for a key: every right except those of an operator who showed a key is given,
    /// since whoever set it up so wants it so.
    pub fn anonymous() -> Self {
        Self {
            name: "anonymous".to_owned(),
            tenant: None,
            known: false,
            scopes: Scope::ALL.into(),
            sources: Globs::any(),
            types: Globs::any(),
            rate: Rate::default(),
        }
    }

    /// Whether it holds this right; `admin` includes `read`.
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope) || scope == Scope::Read && self.scopes.contains(&Scope::Admin)
    }

    /// Who its events are from: nobody, if nobody was asked.
    pub fn principal(&self) -> Option<&str> {
        self.known.then_some(self.name.as_str())
    }

    /// Whether it may see what is of this tenant.
    pub fn sees(&self, tenant: &str) -> bool {
        self.tenant.as_deref().is_none_or(|own| own == tenant)
    }

    /// The tenant of an event with this claim, if the caller may send it.
    ///
    /// A name that is none ([`is_tenant`]) is left to whoever checks events, which knows how to say so.
    pub fn admit(&self, claim: Claim<'_>) -> Result<String, Forbidden> {
        let tenant = self.tenant_of(claim.tenant)?;
        if !self.sources.matches(claim.source) {
            return Err(Forbidden::Source {
                given: claim.source.to_owned(),
                allowed: self.sources.listed(),
            });
        }
        if !self.types.matches(claim.kind) {
            return Err(Forbidden::Type {
                given: claim.kind.to_owned(),
                allowed: self.types.listed(),
            });
        }
        match claim.subject {
            Some(subject) if !self.may_tell_of(claim.source, subject) => Err(Forbidden::Subject {
                given: subject.to_owned(),
            }),
            _ => Ok(tenant),
        }
    }

    fn tenant_of(&self, given: &str) -> Result<String, Forbidden> {
        match (self.tenant.as_deref(), given) {
            (Some(own), "") => Ok(own.to_owned()),
            (Some(own), given) if own == given => Ok(own.to_owned()),
            (Some(own), given) => Err(Forbidden::Tenant {
                given: given.to_owned(),
                own: own.to_owned(),
            }),
            (None, "") => Ok(DEFAULT_TENANT.to_owned()),
            (None, given) => Ok(given.to_owned()),
        }
    }

    /// Whether an event of `source` from this caller may be about `subject`: `source:X` is X's own.
    fn may_tell_of(&self, source: &str, subject: &str) -> bool {
        let about = subject.strip_prefix("source:");
        self.may(Scope::Trusted) || about.is_none_or(|about| about == source || self.sources.matches(about))
    }
}

/// What stands for every tenant in files and settings.
const EVERY: &str = "*";

/// Whether a key may be of this tenant: a name, or `*` for every tenant.
pub(crate) fn may_be_of(name: &str) -> bool {
    name == EVERY || is_tenant(name)
}

/// The tenant as a caller has it: none for every tenant.
pub(crate) fn of(name: &str) -> Option<String> {
    (name != EVERY).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shop() -> Caller {
        Caller {
            name: "shop".to_owned(),
            tenant: Some("acme".to_owned()),
            known: true,
            scopes: [Scope::Ingest].into(),
            sources: Globs::of(["/shop/*"]),
            types: Globs::of(["user.*", "order"]),
            rate: Rate::default(),
        }
    }

    fn claim() -> Claim<'static> {
        Claim {
            tenant: "",
            source: "/shop/eu",
            kind: "user.login",
            subject: Some("user:1"),
        }
    }

    fn refused(claim: Claim<'_>) -> &'static str {
        shop().admit(claim).unwrap_err().field()
    }

    #[test]
    fn the_keys_tenant_is_the_events() {
        assert_eq!(shop().admit(claim()).unwrap(), "acme");
        let same = Claim {
            tenant: "acme",
            ..claim()
        };
        assert_eq!(shop().admit(same).unwrap(), "acme");
        assert_eq!(Caller::anonymous().admit(claim()).unwrap(), "default");
        let other = Claim {
            tenant: "other",
            ..claim()
        };
        assert_eq!(Caller::anonymous().admit(other).unwrap(), "other");
    }

    #[test]
    fn a_body_that_says_otherwise_is_refused_by_the_field() {
        assert_eq!(
            refused(Claim {
                tenant: "default",
                ..claim()
            }),
            "tenant"
        );
        assert_eq!(
            refused(Claim {
                source: "/bank",
                ..claim()
            }),
            "source"
        );
        assert_eq!(
            refused(Claim {
                kind: "payment",
                ..claim()
            }),
            "type"
        );
        let subject = Some("source:/bank");
        assert_eq!(refused(Claim { subject, ..claim() }), "subject");
    }

    #[test]
    fn a_trusted_sender_may_tell_of_other_sources() {
        let mut trusted = shop();
        trusted.scopes.insert(Scope::Trusted);
        let subject = Some("source:/bank");
        assert!(trusted.admit(Claim { subject, ..claim() }).is_ok());
        let own = Some("source:/shop/us");
        assert!(
            shop()
                .admit(Claim {
                    subject: own,
                    ..claim()
                })
                .is_ok()
        );
    }

    #[test]
    fn admin_includes_read_and_nothing_else() {
        let admin = Caller {
            scopes: [Scope::Admin].into(),
            ..shop()
        };
        assert!(admin.may(Scope::Read) && admin.may(Scope::Admin));
        assert!(!admin.may(Scope::Ingest) && !admin.may(Scope::Trusted));
        assert!(!shop().may(Scope::Read));
        assert!(shop().sees("acme") && !shop().sees("default"));
    }
}
