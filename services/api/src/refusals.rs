//! Everything that the API refuses is counted by its reason: who is not let in, whose budget is spent, what is not meant
//! for this host, what cannot be read or answered.

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use std::sync::Arc;

/// The reason of a refusal, among the extensions of its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reason(pub(crate) String);

type Tell = Arc<dyn Fn(&str) + Send + Sync>;

/// The same router, of which `refused` is told the reason of each refusal: one of a fixed set. It goes around all else.
pub fn counted(router: Router, refused: impl Fn(&str) + Send + Sync + 'static) -> Router {
    let tell: Tell = Arc::new(refused);
    router.layer(from_fn_with_state(tell, count))
}

async fn count(State(tell): State<Tell>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    if let Some(Reason(reason)) = response.extensions().get() {
        tell(reason);
    }
    response
}
