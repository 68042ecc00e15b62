//! What the proxy does to its connections at the moment, shared between the test and every connection.

use crate::hold::Held;
use crate::request::{ApiKey, Request};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;
use tokio::sync::watch;

/// How a connection is closed from our side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Closing {
    /// As a program that ends does.
    Fin,
    /// As a machine that forgot the connection does.
    Reset,
}

/// How bytes flow.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Flow {
    /// Nothing moves, and nothing is closed.
    pub(crate) paused: bool,
    /// How much later each piece is passed on, one after the other.
    pub(crate) delay: Duration,
}

/// The rules in force.
#[derive(Debug)]
pub(crate) struct Rules {
    pub(crate) flow: watch::Sender<Flow>,
    pub(crate) closing: watch::Sender<Closing>,
    requests: Mutex<Requests>,
}

#[derive(Debug, Default)]
struct Requests {
    counts: BTreeMap<ApiKey, u64>,
    holds: Vec<Held>,
}

impl Rules {
    pub(crate) fn new() -> Self {
        Self {
            flow: watch::Sender::default(),
            closing: watch::Sender::new(Closing::Fin),
            requests: Mutex::default(),
        }
    }

    /// Counts a request; gives its hold if it is one that is to be held.
    pub(crate) fn meet(&self, request: Request) -> Option<Held> {
        let mut requests = self.requests.lock().ok()?;
        *requests.counts.entry(request.api_key).or_default() += 1;
        let place = requests
            .holds
            .iter()
            .position(|held| held.key == request.api_key)?;
        Some(requests.holds.remove(place))
    }

    pub(crate) fn hold(&self, held: Held) {
        if let Ok(mut requests) = self.requests.lock() {
            requests.holds.push(held);
        }
    }

    pub(crate) fn count(&self, key: ApiKey) -> u64 {
        self.requests
            .lock()
            .map_or(0, |requests| requests.counts.get(&key).copied().unwrap_or(0))
    }
}
