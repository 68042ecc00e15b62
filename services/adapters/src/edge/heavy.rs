//! Work that takes time in proportion to many bytes: unpacking, reading large bodies. It is done beside the threads that
//! serve connections and by few at once, so that a small request never waits behind large ones. Of one owner only so many
//! are in work until their answer, so that others with large bodies have their turn, and so that bodies which are read
//! sooner than the log takes their events wait as bodies, not as events, which take more memory.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::available_parallelism;

use axum::http::StatusCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;

use super::budget::Owner;
use crate::problem::Problem;

/// So many bytes are read where they came in: that takes some 100 µs.
const LIGHT: usize = 64 * 1024;
/// Large bodies of one owner that are in work at once.
const OF_ONE: usize = 16;
/// Owners that are remembered before those that have nothing under way are forgotten.
const MANY: usize = 1024;

/// Whose turn it is.
pub(super) struct Heavy {
    cores: Arc<Semaphore>,
    of_one: usize,
    owners: Mutex<HashMap<Owner, Weak<Semaphore>>>,
}

/// The turn of a request: of a large one until it is dropped.
pub(super) struct Turn(Option<OwnedSemaphorePermit>);

impl Heavy {
    /// As many at once as there are cores.
    pub(super) fn new() -> Self {
        let cores = available_parallelism().map_or(1, NonZeroUsize::get);
        Self {
            cores: Arc::new(Semaphore::new(cores)),
            of_one: OF_ONE,
            owners: Mutex::default(),
        }
    }

    /// The turn of a request of so many bytes; a large one waits while its owner has many in work.
    pub(super) async fn turn(&self, owner: Owner, bytes: usize) -> Turn {
        if bytes <= LIGHT {
            return Turn(None);
        }
        // Nobody closes a semaphore.
        Turn(self.of(owner).acquire_owned().await.ok())
    }

    /// Does the work of a turn.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        turn: Turn,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<(T, Turn), Problem> {
        if turn.0.is_none() {
            return Ok((work(), turn));
        }
        let core = Arc::clone(&self.cores).acquire_owned().await;
        // Work that is begun keeps its turn, though its request may have gone away.
        let done = spawn_blocking(move || {
            let _held = core;
            (work(), turn)
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

    const ONE: Owner = Owner::Caller(1);
    const OTHER: Owner = Owner::Caller(2);

    fn one_at_once() -> Arc<Heavy> {
        Arc::new(Heavy {
            of_one: 1,
            ..Heavy::new()
        })
    }

    #[tokio::test]
    async fn small_bodies_and_other_owners_wait_for_nobodys_large_ones() {
        let heavy = one_at_once();
        let held = heavy.turn(ONE, LIGHT + 1).await;
        let mut second = tokio::spawn({
            let heavy = Arc::clone(&heavy);
            async move { heavy.turn(ONE, LIGHT + 1).await.0.is_some() }
        });
        for (owner, bytes) in [(ONE, LIGHT), (OTHER, LIGHT + 1)] {
            let turn = heavy.turn(owner, bytes).await;
            let done = heavy.run(turn, move || bytes).await;
            assert_eq!(done.map(|(bytes, _)| bytes), Ok(bytes));
        }
        assert!(
            futures_util::poll!(&mut second).is_pending(),
            "the second large one of the same owner waits"
        );
        drop(held);
        assert!(second.await.unwrap());
    }

    #[tokio::test]
    async fn a_panic_is_a_problem_and_gives_its_turn_back() {
        let heavy = one_at_once();
        for _ in 0..3 {
            let turn = heavy.turn(ONE, LIGHT + 1).await;
            let done: Result<((), Turn), Problem> = heavy.run(turn, || panic!("as a test may")).await;
            assert!(done.is_err_and(|problem| problem.reason() == "internal"));
        }
    }
}
