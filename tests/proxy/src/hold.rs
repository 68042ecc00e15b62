//! A request that waits in the proxy: the two ends of it.

use crate::request::{ApiKey, Request};
use std::sync::mpsc;
use std::time::Duration;
use tokio::sync::oneshot;

/// What may go wrong with a held request.
#[derive(Debug, thiserror::Error)]
pub enum HoldError {
    /// No such request was sent.
    #[error(
        "no request with {key} came within {patience:?}; is the client on the proxy, and is it plain text?"
    )]
    NoRequest {
        /// What was waited for.
        key: ApiKey,
        /// For how long.
        patience: Duration,
    },
    /// The upstream closed the connection, or the proxy did, before there was an answer.
    #[error("the held request with {key} was passed on but never answered; its connection is closed")]
    NoAnswer {
        /// What was held.
        key: ApiKey,
    },
}

/// The test's end. Dropped without [`Hold::release`], it closes the connection and the request is lost.
#[derive(Debug)]
pub struct Hold {
    key: ApiKey,
    arrived: mpsc::Receiver<Request>,
    release: oneshot::Sender<mpsc::Sender<()>>,
}

impl Hold {
    /// Waits until the request is there; its connection stands still from then on.
    pub fn arrived(&self, patience: Duration) -> Result<Request, HoldError> {
        let key = self.key;
        let arrived = self.arrived.recv_timeout(patience);
        arrived.map_err(|_| HoldError::NoRequest { key, patience })
    }

    /// Passes the request on, also if its client is gone by now, and returns once the upstream has answered it.
    pub fn release(self, patience: Duration) -> Result<(), HoldError> {
        let (answered, answer) = mpsc::channel();
        let no_answer = HoldError::NoAnswer { key: self.key };
        if self.release.send(answered).is_err() {
            return Err(no_answer);
        }
        answer.recv_timeout(patience).map_err(|_| no_answer)
    }
}

/// The proxy's end.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) key: ApiKey,
    arrived: mpsc::Sender<Request>,
    release: oneshot::Receiver<mpsc::Sender<()>>,
}

impl Held {
    /// Says that the request is there, and waits until it is to be passed on; `None` when nobody wants that any more.
    pub(crate) async fn wait(self, request: Request) -> Option<mpsc::Sender<()>> {
        self.arrived.send(request).ok()?;
        self.release.await.ok()
    }
}

/// Both ends.
pub(crate) fn hold(key: ApiKey) -> (Hold, Held) {
    let (arrived_tx, arrived) = mpsc::channel();
    let (release, release_rx) = oneshot::channel();
    let test = Hold {
        key,
        arrived,
        release,
    };
    let held = Held {
        key,
        arrived: arrived_tx,
        release: release_rx,
    };
    (test, held)
}
