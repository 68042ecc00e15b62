//! How much is in work at once: memory for requests is lent out as their bytes come, a fair share to each client, and
//! who finds none left is sent away at once.

mod ledger;
mod metered;

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use access::Caller;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures_util::task::AtomicWaker;
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::problem::Problem;
use ledger::{Ledger, NoRoom};
use metered::Ended;
pub(super) use metered::Metered;

/// Bytes lent at once.
const TOTAL: usize = 128 * 1024 * 1024;
/// What a request and each event of it takes beside its bytes.
const REQUEST: usize = 4 * 1024;
const EVENT: usize = 512;
/// How long a request whose body is there may wait for the room that its events take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whose memory it is: a caller's that showed who it is, else an address's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Owner {
    Caller(u64),
    Address(IpAddr),
    Unknown,
}

impl Owner {
    pub(super) fn caller(caller: &Caller, from: Option<IpAddr>) -> Self {
        if !caller.known {
            return Self::address(from);
        }
        let mut hasher = DefaultHasher::new();
        caller.name.hash(&mut hasher);
        Self::Caller(hasher.finish())
    }

    pub(super) fn address(from: Option<IpAddr>) -> Self {
        from.map_or(Self::Unknown, Self::Address)
    }
}

/// What may be in work at once.
pub(super) struct Budget {
    started: Instant,
    ledger: Mutex<Lent>,
    given_back: Notify,
}

struct Lent {
    ledger: Ledger,
    rooms: HashMap<u64, Arc<Fate>>,
}

/// Whether a request has lost its memory to another.
#[derive(Default)]
struct Fate {
    lost: AtomicBool,
    refused: AtomicBool,
    waker: AtomicWaker,
}

/// The memory of one request; given back when it is dropped.
pub(super) struct Room {
    /// Whose it is.
    pub(super) owner: Owner,
    budget: Arc<Budget>,
    id: u64,
    fate: Arc<Fate>,
}

impl Budget {
    /// 128 MiB, or what eight of the largest requests take, so that one client alone may send three at once.
    pub(super) fn new(largest: usize) -> Self {
        let total = TOTAL.max(largest.saturating_mul(8)).min(usize::MAX / 4);
        Self {
            started: Instant::now(),
            ledger: Mutex::new(Lent {
                ledger: Ledger::new(total),
                rooms: HashMap::new(),
            }),
            given_back: Notify::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Lent> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Lets a request of this owner begin. It is lent memory as its body comes.
    #[expect(
        clippy::result_large_err,
        reason = "the problem is an answer, made where there is no memory to lend"
    )]
    pub(super) fn lend(self: &Arc<Self>, owner: Owner) -> Result<Arc<Room>, Problem> {
        let room = self.enter(owner);
        room.grow(REQUEST).map_err(|NoRoom| busy())?;
        Ok(Arc::new(room))
    }

    fn enter(self: &Arc<Self>, owner: Owner) -> Room {
        let fate = Arc::<Fate>::default();
        let mut lent = self.lock();
        let id = lent.ledger.enter(owner, self.now());
        lent.rooms.insert(id, Arc::clone(&fate));
        Room {
            owner,
            budget: Arc::clone(self),
            id,
            fate,
        }
    }
}

impl Lent {
    fn grow(&mut self, id: u64, bytes: usize, now: u64) -> Result<(), NoRoom> {
        let mut lost = Vec::new();
        let grown = self.ledger.grow(id, bytes, now, &mut lost);
        for other in lost.iter().filter_map(|id| self.rooms.get(id)) {
            other.lost.store(true, Ordering::Release);
            other.waker.wake();
        }
        grown
    }
}

impl Room {
    fn grow(&self, bytes: usize) -> Result<(), NoRoom> {
        let now = self.budget.now();
        self.budget.lock().grow(self.id, bytes, now)
    }

    /// So many bytes of the body came, which may be the last.
    fn came_on(&self, bytes: usize, last: bool) -> Result<(), NoRoom> {
        let now = self.budget.now();
        let mut lent = self.budget.lock();
        lent.grow(self.id, bytes, now)?;
        if last {
            lent.ledger.complete(self.id);
        }
        Ok(())
    }

    /// Takes what this many events need in work beside the bytes that were read, and what came out of a compressed
    /// body. Waits for others to be done; a problem if that takes too long.
    pub(super) async fn take_events(&self, events: usize, unpacked: usize) -> Result<(), Problem> {
        let bytes = events.saturating_mul(EVENT).saturating_add(unpacked);
        let taken = async {
            loop {
                let given_back = self.budget.given_back.notified();
                if self.grow(bytes).is_ok() {
                    return;
                }
                given_back.await;
            }
        };
        timeout(PATIENCE, taken).await.map_err(|_| busy())
    }

    /// There is no body, or all of it was there at once.
    fn complete(&self) {
        self.budget.lock().ledger.complete(self.id);
    }

    fn is_lost(&self, cx: &Context<'_>) -> bool {
        self.register(cx.waker());
        self.fate.lost.load(Ordering::Acquire)
    }

    fn register(&self, waker: &Waker) {
        self.fate.waker.register(waker);
    }

    /// What is answered in the end: who found no memory is told so, whatever came of it.
    pub(super) fn judged(&self, response: Response) -> Response {
        if self.was_refused() && !response.status().is_success() {
            busy().into_response()
        } else {
            response
        }
    }

    fn was_refused(&self) -> bool {
        self.fate.refused.load(Ordering::Relaxed) || self.fate.lost.load(Ordering::Relaxed)
    }

    /// The body ends here for want of memory.
    fn ended(&self) -> Ended {
        self.fate.refused.store(true, Ordering::Relaxed);
        Ended
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let mut lent = self.budget.lock();
        lent.ledger.leave(self.id);
        lent.rooms.remove(&self.id);
        drop(lent);
        self.budget.given_back.notify_waiters();
    }
}

fn busy() -> Problem {
    let detail = "this client has as many bytes in work as its share allows, or its body was silent while others \
                  waited; send it again after the time in `Retry-After`, with the `Idempotency-Key` of this answer";
    let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded", "Too busy", detail);
    problem.retry_after(Duration::from_secs(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::{Body, to_bytes};
    use axum::http::header::RETRY_AFTER;

    /// A post from this address.
    async fn post(budget: &Arc<Budget>, host: u8, bytes: usize) -> (StatusCode, bool) {
        let owner = Owner::Address([192, 0, 2, host].into());
        let response = match budget.lend(owner) {
            Ok(room) => {
                let body = Metered::new(Body::from(vec![b' '; bytes]), Arc::clone(&room));
                let read = to_bytes(Body::new(body), usize::MAX).await;
                let status = read.map_or(StatusCode::BAD_REQUEST, |_| StatusCode::ACCEPTED);
                room.judged(status.into_response())
            }
            Err(busy) => busy.into_response(),
        };
        (response.status(), response.headers().contains_key(RETRY_AFTER))
    }

    #[tokio::test]
    async fn who_has_its_share_is_sent_away_and_others_are_not() {
        let budget = Arc::new(Budget::new(1024));
        let held = budget.enter(Owner::Address([192, 0, 2, 1].into()));
        held.complete();
        held.grow(TOTAL / 2).unwrap();
        assert_eq!(
            post(&budget, 1, 10).await,
            (StatusCode::SERVICE_UNAVAILABLE, true)
        );
        assert_eq!(post(&budget, 2, 1024).await, (StatusCode::ACCEPTED, false));
        drop(held);
        assert_eq!(post(&budget, 1, 1024).await, (StatusCode::ACCEPTED, false));
        assert_eq!(budget.lock().rooms.len(), 0);
    }

    #[tokio::test]
    async fn a_body_that_finds_no_room_on_its_way_is_told_so() {
        let budget = Arc::new(Budget::new(1024));
        let answer = post(&budget, 1, TOTAL).await;
        assert_eq!(answer, (StatusCode::SERVICE_UNAVAILABLE, true));
    }
}
