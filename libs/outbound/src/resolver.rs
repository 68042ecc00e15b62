//! Looks names up and drops the addresses that must not be called.
//!
//! The connection is made to the very addresses checked here, so a name that is answered differently the second time
//! (DNS rebinding) gains nothing.

use std::error::Error;
use std::fmt;
use std::net::SocketAddr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::Networks;

/// A name that leads only to addresses that must not be called.
#[derive(Debug)]
pub(crate) struct ForbiddenAddress(pub(crate) &'static str);

impl fmt::Display for ForbiddenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the address is {}", self.0)
    }
}

impl Error for ForbiddenAddress {}

/// The system's resolver with a guard behind it.
#[derive(Debug)]
pub(crate) struct Guarded {
    pub(crate) networks: Networks,
    /// The host of the egress proxy, which may be anywhere: it was configured, not asked for.
    pub(crate) proxy: Option<String>,
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let networks = match &self.proxy {
            Some(proxy) if proxy == name.as_str() => None,
            _ => Some(self.networks.clone()),
        };
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let allowed = match &networks {
                Some(networks) => networks.allowed(found).map_err(ForbiddenAddress)?,
                None => found,
            };
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// The refusal in an error's causes, if it is there.
pub(crate) fn refusal(error: &(dyn Error + 'static)) -> Option<&'static str> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(ForbiddenAddress(why)) = error.downcast_ref() {
            return Some(why);
        }
        cause = error.source();
    }
    None
}
