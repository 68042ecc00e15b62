//! Without keys everybody who reaches the edge may post, also a page of another site through a browser beside it: then
//! a request has to name the edge as its host, and its page, if it comes from one, has to be of the same.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use listen::Hosts;
use settings::{AdaptersSettings, AuthMode};

use crate::problem::Problem;

/// The hosts that are answered for; all, where keys decide.
pub(super) fn of(settings: &AdaptersSettings) -> Option<Arc<Hosts>> {
    let open = settings.auth == AuthMode::None;
    open.then(|| Arc::new(Hosts::new(settings.listen, &settings.allowed_hosts)))
}

/// Lets a request in that is meant for the edge.
pub(super) async fn admit(State(hosts): State<Option<Arc<Hosts>>>, request: Request, next: Next) -> Response {
    let Some(hosts) = hosts else {
        return next.run(request).await;
    };
    let (parts, body) = request.into_parts();
    match hosts.check(&parts) {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(refusal) => {
            let title = "Not meant for this server";
            Problem::new(refusal.status(), refusal.reason(), title, &refusal.to_string()).into_response()
        }
    }
}
