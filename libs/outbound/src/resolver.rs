//! Looks names up and drops the addresses that must not be called.
//!
//! The connection is made to the very addresses checked here, so a name that is answered differently the second time
//! (DNS rebinding) gains nothing.

use std::error::Error;
use std::fmt;
use std::net::SocketAddr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::address::refused;

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
pub(crate) struct Guarded;

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let first_refusal = found.iter().find_map(|address| refused(address.ip()));
            let allowed: Vec<_> = found
                .into_iter()
                .filter(|address| refused(address.ip()).is_none())
                .collect();
            match first_refusal {
                Some(why) if allowed.is_empty() => Err(Box::new(ForbiddenAddress(why)) as _),
                _ => Ok(Box::new(allowed.into_iter()) as Addrs),
            }
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
