//! Hands batches to the client: at once while few records are on their way, and in rounds while many are. What comes
//! meanwhile leaves together, as what is written to a socket does by Nagle's algorithm (RFC 896), so that a busy process
//! asks the broker for few large requests and not for many small ones, and one at leisure waits for nobody.

use super::batch::Leaving;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;

/// So many records on their way are few.
const FEW: usize = 32;
/// The longest time that batches gather, whatever the broker does.
const GATHER: Duration = Duration::from_millis(5);

/// How many records are on their way to the broker.
#[derive(Default)]
pub(super) struct InFlight {
    records: AtomicUsize,
    few: Notify,
}

impl InFlight {
    /// One more.
    pub(super) fn sent(&self) {
        self.records.fetch_add(1, Ordering::Relaxed);
    }

    /// One less: it was acknowledged or given up.
    pub(super) fn settled(&self) {
        if self.records.fetch_sub(1, Ordering::Relaxed) == FEW {
            self.few.notify_one();
        }
    }

    /// Returns once they are few.
    async fn few(&self) {
        while self.records.load(Ordering::Relaxed) >= FEW {
            self.few.notified().await;
        }
    }
}

/// The way to the client for all batches of a publisher, in their order.
#[derive(Default)]
pub(super) struct Rounds {
    in_flight: Arc<InFlight>,
    /// To the task that hands over; none, or a closed one, before the first batch and after its runtime ended.
    waiting: Mutex<Option<UnboundedSender<Leaving>>>,
}

impl Rounds {
    /// What counts the records of its batches.
    pub(super) const fn in_flight(&self) -> &Arc<InFlight> {
        &self.in_flight
    }

    /// Adds a batch to the round that is to leave next. Whoever waits for it is told what became of it.
    pub(super) fn add(&self, batch: Leaving) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let way = waiting.take().filter(|way| !way.is_closed());
        // A runtime that ends just now drops the batch, which is told as a failure.
        let _ = waiting.insert(way.unwrap_or_else(|| self.begin())).send(batch);
    }

    fn begin(&self) -> UnboundedSender<Leaving> {
        let (way, batches) = unbounded_channel();
        tokio::spawn(hand_over(batches, Arc::clone(&self.in_flight)));
        way
    }
}

async fn hand_over(mut batches: UnboundedReceiver<Leaving>, in_flight: Arc<InFlight>) {
    while let Some(first) = batches.recv().await {
        first.leave().await;
        while let Ok(next) = batches.try_recv() {
            next.leave().await;
        }
        // Few or not: after that time they leave all the same.
        let _ = timeout(GATHER, in_flight.few()).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::poll;
    use std::pin::pin;

    #[tokio::test]
    async fn a_round_leaves_once_few_records_are_left() {
        let in_flight = InFlight::default();
        (0..=FEW).for_each(|_| in_flight.sent());
        let mut few = pin!(in_flight.few());
        assert!(poll!(&mut few).is_pending());
        in_flight.settled();
        assert!(poll!(&mut few).is_pending(), "one too many");
        in_flight.settled();
        assert!(poll!(&mut few).is_ready());
    }
}
