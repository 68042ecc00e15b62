//! When everything that should run was ready, as the services' own health says.

use crate::fleet::Fleet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Between two looks at all of them.
const EVERY: Duration = Duration::from_millis(200);
const ANSWER: Duration = Duration::from_millis(500);

/// The times at which everything was ready.
#[derive(Clone, Default)]
pub(crate) struct Readiness(Arc<Mutex<Vec<Instant>>>);

impl Readiness {
    /// Looks for ever.
    pub(crate) async fn watch(self, fleet: Arc<Fleet>, client: reqwest::Client) {
        loop {
            let now = Instant::now();
            if all_ready(&fleet, &client).await {
                self.times().push(now);
            }
            tokio::time::sleep(EVERY).await;
        }
    }

    /// The first time after this at which everything was ready.
    pub(crate) fn first_after(&self, time: Instant) -> Option<Instant> {
        self.times().iter().find(|ready| **ready > time).copied()
    }

    fn times(&self) -> std::sync::MutexGuard<'_, Vec<Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether all that should run say now that they are ready.
pub(crate) async fn all_ready(fleet: &Fleet, client: &reqwest::Client) -> bool {
    for (_, url) in fleet.running() {
        let answer = client.get(&url).timeout(ANSWER).send().await;
        if !answer.is_ok_and(|answer| answer.status().is_success()) {
            return false;
        }
    }
    true
}
