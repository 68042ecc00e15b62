//! Failed logins by address, of one listener: the owner of a [`Throttle`], with a clock.

use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use model::Millis;

use crate::key::sha256;
use crate::throttle::Throttle;

/// Slows down who guesses: see the module. An address that is not known waits for nothing.
#[derive(Debug, Default)]
pub struct Logins(Mutex<Throttle>);

impl Logins {
    /// How long this address has to wait before what it shows is looked at; not at all if that was good from there
    /// before.
    pub fn wait(&self, from: Option<IpAddr>, shown: &[u8]) -> Option<Duration> {
        self.throttle().wait(from?, &sha256(shown), now())
    }

    /// Notes a login that was good, or failed.
    pub fn note(&self, from: Option<IpAddr>, shown: &[u8], good: bool) {
        let Some(from) = from else { return };
        if good {
            self.throttle().succeeded(from, sha256(shown), now());
        } else {
            self.throttle().failed(from, now());
        }
    }

    fn throttle(&self) -> MutexGuard<'_, Throttle> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Milliseconds since 1970.
pub(crate) fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX)
}
