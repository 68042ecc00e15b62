//! Whether a lane still moves.
//!
//! A call of the client that never returns holds up its thread for ever. Transactional calls run under a watchdog of
//! their own; for all others this is it: a lane tells at every turn that it is there, and whoever started it gives up
//! one that was silent for too long and starts another. The broker and the store refuse what the former might still do:
//! it has the same member id and the same transactional id, and an older epoch in the store.

use crate::fault::Fault;
use crate::host::Instant;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// The pulse of one lane; cheap to beat.
#[derive(Clone)]
pub(crate) struct Pulse(Arc<State>);

struct State {
    began: Instant,
    /// Milliseconds after the beginning.
    last: AtomicU64,
    given_up: AtomicBool,
}

impl Pulse {
    pub(crate) fn new() -> Self {
        Self(Arc::new(State {
            began: Instant::now(),
            last: AtomicU64::new(0),
            given_up: AtomicBool::new(false),
        }))
    }

    /// The lane is there; fails once it was given up.
    pub(crate) fn beat(&self) -> Result<(), Fault> {
        if self.is_given_up() {
            return Err(Fault::rebuild("another lane has taken its place"));
        }
        let now = u64::try_from(self.0.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.0.last.store(now, Ordering::Relaxed);
        Ok(())
    }

    /// How long ago the last beat was.
    pub(crate) fn silence(&self) -> Duration {
        let last = Duration::from_millis(self.0.last.load(Ordering::Relaxed));
        self.0.began.elapsed().saturating_sub(last)
    }

    /// Nobody waits for the lane any more.
    pub(crate) fn give_up(&self) {
        self.0.given_up.store(true, Ordering::Release);
    }

    /// Whether it was given up.
    pub(crate) fn is_given_up(&self) -> bool {
        self.0.given_up.load(Ordering::Acquire)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_that_was_given_up_hears_of_it() {
        let pulse = Pulse::new();
        pulse.beat().unwrap();
        assert!(pulse.silence() < Duration::from_mins(1));
        pulse.give_up();
        assert!(pulse.is_given_up() && pulse.beat().is_err());
    }
}
