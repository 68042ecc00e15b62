//! How the two directions of one connection speak of a request that is held.

use crate::hold::Held;
use crate::request::Request;
use std::sync::{Mutex, mpsc};
use tokio::sync::{Notify, watch};

/// Between the direction of requests, which holds, and that of answers, which stands still meanwhile.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    holding: watch::Sender<bool>,
    awaited: Mutex<Option<(i32, mpsc::Sender<()>)>>,
    answered: Notify,
}

impl Gate {
    /// Waits with a request until it may be passed on; `false` when it never may.
    pub(crate) async fn hold(&self, request: Request, held: Held) -> bool {
        self.holding.send_replace(true);
        let Some(tell) = held.wait(request).await else {
            return false;
        };
        if let Ok(mut awaited) = self.awaited.lock() {
            *awaited = Some((request.correlation_id, tell));
        }
        self.holding.send_replace(false);
        true
    }

    /// Waits until the request that was held is answered. A connection that is closed before may take it along unread.
    pub(crate) async fn answered(&self) {
        self.answered.notified().await;
    }

    /// An answer came.
    pub(crate) fn answer(&self, correlation_id: i32) {
        let Ok(mut awaited) = self.awaited.lock() else {
            return;
        };
        if let Some((_, tell)) = awaited.take_if(|(wanted, _)| *wanted == correlation_id) {
            let _ = tell.send(());
            self.answered.notify_one();
        }
    }

    /// Waits until nothing is held.
    pub(crate) async fn open(&self) {
        let _ = self.holding.subscribe().wait_for(|holding| !holding).await;
    }
}
