//! How lanes are asked to end, and how they wait without missing it.

use crate::host::Instant;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Asks every lane of a process to end; cheap to look at.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<Asked>);

#[derive(Debug, Default)]
struct Asked {
    is_set: AtomicBool,
    waiting: Mutex<()>,
    woken: Condvar,
}

impl Stop {
    /// Asks.
    pub fn set(&self) {
        let _waiting = self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        self.0.is_set.store(true, Ordering::Relaxed);
        self.0.woken.notify_all();
    }

    /// Whether it was asked.
    pub fn is_set(&self) -> bool {
        self.0.is_set.load(Ordering::Relaxed)
    }

    /// Waits this long, or until it is asked.
    pub(crate) fn wait(&self, most: Duration) {
        #[cfg(test)]
        if crate::search::schedule::sleep(most) {
            return;
        }
        let waiting = self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        // That the lock is poisoned tells nothing of the flag.
        let _ = self
            .0
            .woken
            .wait_timeout_while(waiting, most, |()| !self.is_set());
    }
}

/// How long a lane that is asked to stop waits for the end of its transaction. Whoever has its transactional id next ends
/// what it left.
pub(crate) const LAST_WAIT: Duration = Duration::from_secs(3);

/// How long the broker is waited for: to a deadline, and less than that once the process is asked to stop.
pub(crate) struct Patience<'a> {
    stop: &'a Stop,
    deadline: Instant,
    last_wait: Duration,
    asked: Option<Instant>,
}

/// Why nobody waits any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WaitEnd {
    /// It took too long.
    TimedOut,
    /// The process stops.
    Stopping,
}

impl<'a> Patience<'a> {
    /// For this long, or for `last_wait` from when `stop` is set.
    pub(crate) fn new(stop: &'a Stop, most: Duration, last_wait: Duration) -> Self {
        Self {
            stop,
            deadline: Instant::now() + most,
            last_wait,
            asked: None,
        }
    }

    /// Whether it has ended, and why.
    pub(crate) fn end(&mut self) -> Option<WaitEnd> {
        let now = Instant::now();
        if self.stop.is_set() && now - *self.asked.get_or_insert(now) >= self.last_wait {
            return Some(WaitEnd::Stopping);
        }
        (now >= self.deadline).then_some(WaitEnd::TimedOut)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_hours(1);

    #[test]
    fn patience_is_shorter_once_the_process_stops() {
        let stop = Stop::default();
        let mut patient = Patience::new(&stop, LONG, LONG);
        let mut hasty = Patience::new(&stop, LONG, Duration::ZERO);
        assert_eq!((patient.end(), hasty.end()), (None, None));
        stop.set();
        assert_eq!((patient.end(), hasty.end()), (None, Some(WaitEnd::Stopping)));
    }

    #[test]
    fn patience_ends_at_its_deadline() {
        let stop = Stop::default();
        assert_eq!(
            Patience::new(&stop, Duration::ZERO, LONG).end(),
            Some(WaitEnd::TimedOut)
        );
    }

    #[test]
    fn a_wait_ends_when_it_is_asked() {
        let stop = Stop::default();
        std::thread::scope(|scope| {
            scope.spawn(|| stop.wait(Duration::MAX));
            stop.set();
        });
        assert!(stop.is_set());
    }

    #[test]
    fn a_wait_ends_by_itself() {
        let stop = Stop::default();
        stop.wait(Duration::from_millis(1));
        assert!(!stop.is_set());
    }
}
