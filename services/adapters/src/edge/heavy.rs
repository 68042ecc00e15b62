//! Work that takes time in proportion to many bytes: unpacking, reading large bodies. It is done beside the threads that
//! serve connections and by few at once, so that a small request never waits behind large ones; and of one owner only so
//! much, so that others with large bodies have their turn.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::available_parallelism;

use axum::http::StatusCode;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::budget::Owner;
use crate::problem::Problem;

/// So many bytes are read where they came in: that takes some 100 µs.
const LIGHT: usize = 64 * 1024;
/// Owners that are remembered before those that have nothing under way are forgotten.
const MANY: usize = 1024;

/// Whose turn it is.
pub(super) struct Heavy {
    turns: Arc<Semaphore>,
    of_one: usize,
    owners: Mutex<HashMap<Owner, Weak<Semaphore>>>,
}

impl Heavy {
    /// As many turns as there are cores, and half of them for one owner.
    pub(super) fn new() -> Self {
        let cores = available_parallelism().map_or(1, NonZeroUsize::get);
        Self {
            turns: Arc::new(Semaphore::new(cores)),
            of_one: cores.div_ceil(2),
            owners: Mutex::default(),
        }
    }

    /// Does work on so many bytes of an owner, if they are many in a turn of its own.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        owner: Owner,
        bytes: usize,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        if bytes <= LIGHT {
            return Ok(work());
        }
        // Nobody closes a semaphore; work that is begun keeps its turn, though its request may have gone away.
        let own = self.of(owner).acquire_owned().await;
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        let done = spawn_blocking(move || {
            let _held = (own, turn);
            work()
        });
        done.await.map_err(|_| broken())
    }

    fn of(&self, owner: Owner) -> Arc<Semaphore> {
        let mut owners = self.owners.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = owners.get(&owner).and_then(Weak::upgrade) {
            return own;
        }
        if owners.len() >= MANY {
            owners.retain(|_, own| own.strong_count() > 0);
        }
        let own = Arc::new(Semaphore::new(self.of_one));
        owners.insert(owner, Arc::downgrade(&own));
        own
    }
}

/// The work panicked, or the process stops.
fn broken() -> Problem {
    let detail =
        "the body could not be read here; send it again, and tell whoever runs this if that does not help";
    let status = StatusCode::INTERNAL_SERVER_ERROR;
    Problem::new(status, "internal", "Body could not be read", detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    const ONE: Owner = Owner::Caller(1);
    const OTHER: Owner = Owner::Caller(2);

    fn two_turns() -> Arc<Heavy> {
        Arc::new(Heavy {
            turns: Arc::new(Semaphore::new(2)),
            of_one: 1,
            owners: Mutex::default(),
        })
    }

    #[tokio::test]
    async fn small_bodies_and_other_owners_wait_for_nobodys_large_ones() {
        let heavy = two_turns();
        let (go, held) = mpsc::channel::<()>();
        let busy = tokio::spawn({
            let heavy = Arc::clone(&heavy);
            async move { heavy.run(ONE, LIGHT + 1, move || held.recv().is_ok()).await }
        });
        while heavy.turns.available_permits() == 2 {
            tokio::task::yield_now().await;
        }
        let mut second = tokio::spawn({
            let heavy = Arc::clone(&heavy);
            async move { heavy.run(ONE, LIGHT + 1, || ()).await }
        });
        assert_eq!(heavy.run(ONE, LIGHT, || 1).await, Ok(1), "a small one");
        assert_eq!(heavy.run(OTHER, LIGHT + 1, || 2).await, Ok(2), "another owner's");
        assert!(
            futures_util::poll!(&mut second).is_pending(),
            "the second large one of the same owner waits"
        );
        go.send(()).unwrap();
        assert_eq!((busy.await.unwrap(), second.await.unwrap()), (Ok(true), Ok(())));
    }

    #[tokio::test]
    async fn a_panic_is_a_problem_and_gives_its_turn_back() {
        let heavy = two_turns();
        for _ in 0..3 {
            let done = heavy.run(ONE, LIGHT + 1, || panic!("as a test may")).await;
            let done: Result<(), Problem> = done;
            assert_eq!(done.unwrap_err().reason(), "internal");
        }
    }
}
