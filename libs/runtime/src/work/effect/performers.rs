//! Attempts that are under way, on the threads of the asynchronous runtime.

use super::parked::Origin;
use super::queue::Held;
use crate::work::panicked;
use ::stage::{Attempt, Effect, Outcome, Task};
use futures_util::FutureExt;
use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::task::{AbortHandle, Id, JoinSet};

/// An attempt and what it needs.
pub(super) struct Performance<E: Effect> {
    pub held: Held,
    pub input: E::In,
    pub attempt: Attempt,
    pub memory: Option<E::Memory>,
    pub origin: Origin,
}

/// What comes of an attempt.
pub(super) type OutcomeOf<E> = Outcome<<E as Effect>::Out, <E as Effect>::Memory>;

/// An attempt that has ended: of which record, and what came of it.
pub(super) type Ended<E> = (Held, OutcomeOf<E>);

/// What is under way.
pub(super) struct Performers<E: Effect> {
    effect: Arc<E>,
    handle: Handle,
    under_way: JoinSet<OutcomeOf<E>>,
    held: HashMap<Id, (Held, AbortHandle)>,
}

impl<E: Effect> Performers<E> {
    pub(super) fn new(effect: Arc<E>, handle: Handle) -> Self {
        Self {
            effect,
            handle,
            under_way: JoinSet::new(),
            held: HashMap::new(),
        }
    }

    /// Begins an attempt. One that need not wait for anybody ends at once, here, and costs no change of threads.
    pub(super) fn begin(&mut self, performance: Performance<E>) -> Option<OutcomeOf<E>> {
        let held = performance.held;
        let mut attempt = Box::pin(perform(Arc::clone(&self.effect), performance));
        let entered = self.handle.enter();
        if let Some(outcome) = attempt.as_mut().now_or_never() {
            return Some(outcome);
        }
        drop(entered);
        let aborts = self.under_way.spawn_on(attempt, &self.handle);
        self.held.insert(aborts.id(), (held, aborts));
        None
    }

    /// The next attempt that has ended since.
    pub(super) fn next_ended(&mut self) -> Option<Ended<E>> {
        while let Some(ended) = self.under_way.try_join_next_with_id() {
            // A panic is an outcome already; what else ends a task so is an abort of our own. One that is not held any
            // more was dropped; what became of it does not count.
            if let Ok((id, outcome)) = ended
                && let Some((held, _)) = self.held.remove(&id)
            {
                return Some((held, outcome));
            }
        }
        None
    }

    /// Drops the attempts of a task.
    pub(super) fn drop_task(&mut self, task: Task) {
        self.held.retain(|_, (held, aborts)| {
            let stays = held.task != task;
            if !stays {
                aborts.abort();
            }
            stays
        });
    }

    /// Drops all attempts.
    pub(super) fn clear(&mut self) {
        self.under_way.abort_all();
        self.held.clear();
    }
}

async fn perform<E: Effect>(effect: Arc<E>, performance: Performance<E>) -> OutcomeOf<E> {
    let Performance {
        held,
        input,
        attempt,
        memory,
        origin,
    } = performance;
    let performed = AssertUnwindSafe(async {
        let key = effect.idempotency_key(&input);
        let cx = origin.cx(held.task, held.offset);
        effect.perform(&input, &key, attempt, memory, &cx).await
    });
    let performed = performed.catch_unwind().await;
    performed.unwrap_or_else(|_| Outcome::Poison(panicked("performing the record")))
}
