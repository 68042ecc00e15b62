//! Who asks: the one place that knows.

use crate::problem::Problem;
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::Extensions;
use axum::http::request::Parts;
use std::convert::Infallible;
use std::net::SocketAddr;

/// The caller's name for its budget: the address it comes from, where that is known.
pub(crate) fn name(extensions: &Extensions) -> String {
    let address = extensions.get::<ConnectInfo<SocketAddr>>();
    address.map_or_else(
        || "anybody".to_owned(),
        |ConnectInfo(address)| address.ip().to_string(),
    )
}

/// Whose items the caller may see: every tenant's, if none is named.
fn tenant(_: &Extensions) -> Option<String> {
    None
}

/// Whoever asks, as a handler sees them.
#[derive(Debug, Clone)]
pub(crate) struct Asker(Option<String>);

impl Asker {
    /// The tenant that is asked about; none for every tenant. A caller with a tenant asks about no other.
    pub(crate) fn tenant<'a>(&'a self, given: Option<&'a str>) -> Result<Option<&'a str>, Problem> {
        match (self.0.as_deref(), given) {
            (Some(own), Some(given)) if own != given => Err(Problem::forbidden_tenant(given)),
            (Some(own), _) => Ok(Some(own)),
            (None, given) => Ok(given),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Asker {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(tenant(&parts.extensions)))
    }
}
