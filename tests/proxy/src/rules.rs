//! What the proxy does to its connections at the moment, shared between the test and every connection.

use crate::hold::Held;
use crate::request::{ApiKey, Request};
use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex};
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
    counted: Condvar,
}

#[derive(Debug, Default)]
struct Requests {
    counts: BTreeMap<ApiKey, u64>,
    holds: Vec<Held>,
}

impl Requests {
    fn count(&self, key: ApiKey) -> u64 {
        self.counts.get(&key).copied().unwrap_or(0)
    }
}

impl Rules {
    pub(crate) fn new() -> Self {
        Self {
            flow: watch::Sender::default(),
            closing: watch::Sender::new(Closing::Fin),
            requests: Mutex::default(),
            counted: Condvar::new(),
        }
    }

    /// Counts a request; gives its hold if it is one that is to be held.
    pub(crate) fn meet(&self, request: Request) -> Option<Held> {
        let mut requests = self.requests.lock().ok()?;
        *requests.counts.entry(request.api_key).or_default() += 1;
        self.counted.notify_all();
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
        self.requests.lock().map_or(0, |requests| requests.count(key))
    }

    /// Whether so many requests came within this time.
    pub(crate) fn wait_for(&self, key: ApiKey, count: u64, patience: Duration) -> bool {
        let Ok(requests) = self.requests.lock() else {
            return false;
        };
        let waited = self
            .counted
            .wait_timeout_while(requests, patience, |requests| requests.count(key) < count);
        waited.is_ok_and(|(_, waited)| !waited.timed_out())
    }
}
