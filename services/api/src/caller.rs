//! Who asks: the one place that knows.

use crate::problem::Problem;
use access::{Caller, Scope};
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::Extensions;
use axum::http::request::Parts;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

/// The caller's name for its budget: its key's or token's, else the address it comes from, where that is known.
pub(crate) fn name(extensions: &Extensions) -> String {
    if let Some(caller) = extensions.get::<Arc<Caller>>().filter(|caller| caller.known) {
        return format!("key {}", caller.name);
    }
    let address = extensions.get::<ConnectInfo<SocketAddr>>();
    address.map_or_else(
        || "anybody".to_owned(),
        |ConnectInfo(address)| address.ip().to_string(),
    )
}

/// Whose items the caller may see: every tenant's, if none is named. Whoever did not come through the entry sees those
/// of a tenant that nobody has.
fn tenant(extensions: &Extensions) -> Option<String> {
    let caller = extensions.get::<Arc<Caller>>();
    caller.map_or_else(|| Some(String::new()), |caller| caller.tenant.clone())
}

fn is_admin(extensions: &Extensions) -> bool {
    let caller = extensions.get::<Arc<Caller>>();
    caller.is_some_and(|caller| caller.may(Scope::Admin))
}

/// Whoever asks, as a handler sees them.
#[derive(Debug, Clone)]
pub(crate) struct Asker {
    tenant: Option<String>,
    /// Whether payloads of dead letters are shown.
    pub(crate) is_admin: bool,
}

impl Asker {
    /// The tenant that is asked about; none for every tenant. A caller with a tenant asks about no other.
    pub(crate) fn tenant<'a>(&'a self, given: Option<&'a str>) -> Result<Option<&'a str>, Problem> {
        match (self.tenant.as_deref(), given) {
            (Some(own), Some(given)) if own != given => Err(Problem::forbidden_tenant(given)),
            (Some(own), _) => Ok(Some(own)),
            (None, given) => Ok(given),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Asker {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self {
            tenant: tenant(&parts.extensions),
            is_admin: is_admin(&parts.extensions),
        })
    }
}
