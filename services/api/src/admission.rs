//! Every question goes through its caller's budget, from its arrival until its answer is sent.

use crate::budget::{Budget, Refusal, Slot};
use crate::caller;
use crate::problem::Problem;
use axum::BoxError;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::task::AbortHandle;

/// How long a question waits for earlier ones of its caller.
const PATIENCE: Duration = Duration::from_secs(1);

/// What [`admit`] needs.
#[derive(Debug, Clone)]
pub(crate) struct Door {
    pub(crate) budget: Arc<Budget>,
    /// How long an answer may take to be sent.
    pub(crate) send_timeout: Duration,
}

/// Lets a question in, or refuses it with 429 or 503.
pub(crate) async fn admit(State(door): State<Door>, request: Request, next: Next) -> Response {
    let caller = caller::name(request.extensions());
    let slot = match door.budget.admit(&caller, Instant::now()) {
        Ok(admitted) => admitted.slot(PATIENCE).await,
        Err(refusal) => Err(refusal),
    };
    let slot = match slot {
        Ok(slot) => slot,
        Err(refusal) => return refuse(&caller, refusal),
    };
    let began = Instant::now();
    // A client that goes away ends its question, which has cost the database what it has cost.
    let charge = Charge {
        door: &door,
        caller: &caller,
        began,
    };
    let response = next.run(request).await;
    drop(charge);
    response.map(|body| Body::new(Sent::new(body, slot, door.send_timeout)))
}

struct Charge<'a> {
    door: &'a Door,
    caller: &'a str,
    began: Instant,
}

impl Drop for Charge<'_> {
    fn drop(&mut self) {
        self.door
            .budget
            .charge(self.caller, self.began.elapsed(), Instant::now());
    }
}

fn refuse(caller: &str, refusal: Refusal) -> Response {
    tracing::debug!(caller, ?refusal, "a question is refused");
    match refusal {
        Refusal::TooMany => Problem::too_many_questions(),
        Refusal::Spent(wait) => Problem::budget_spent(wait),
        Refusal::Overloaded => Problem::overloaded(),
    }
    .into_response()
}

type Held = Arc<Mutex<Option<(Body, Slot)>>>;

/// An answer on its way. A reader that does not read is given up after a while: its memory and its slot are free
/// again then, though nobody asks this body for more.
struct Sent {
    held: Held,
    overdue: AbortHandle,
}

impl Sent {
    fn new(body: Body, slot: Slot, patience: Duration) -> Self {
        let held: Held = Arc::new(Mutex::new(Some((body, slot))));
        let overdue = tokio::spawn(give_up(Arc::clone(&held), patience)).abort_handle();
        Self { held, overdue }
    }
}

async fn give_up(held: Held, patience: Duration) {
    tokio::time::sleep(patience).await;
    held.lock().unwrap_or_else(PoisonError::into_inner).take();
}

impl Drop for Sent {
    fn drop(&mut self) {
        self.overdue.abort();
    }
}

impl HttpBody for Sent {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, BoxError>>> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((body, _)) = held.as_mut() else {
            return Poll::Ready(Some(Err("the answer was not read in time".into())));
        };
        let frame = std::task::ready!(Pin::new(body).poll_frame(cx));
        Poll::Ready(frame.map(|frame| frame.map_err(BoxError::from)))
    }

    fn is_end_stream(&self) -> bool {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.as_ref().is_some_and(|(body, _)| body.is_end_stream())
    }

    fn size_hint(&self) -> http_body::SizeHint {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.as_ref()
            .map_or_else(Default::default, |(body, _)| body.size_hint())
    }
}
