//! Without keys everybody who reaches the edge may post, also a page of another site through a browser beside it: then
//! a request has to name the edge as its host, and its page, if it comes from one, has to be of the same.

use axum::http::request::Parts;
use listen::Hosts;
use settings::{AdaptersSettings, AuthMode};

use crate::problem::Problem;

/// The hosts that are answered for; all, where keys decide.
pub(super) fn of(settings: &AdaptersSettings) -> Option<Hosts> {
    let open = settings.auth == AuthMode::None;
    open.then(|| Hosts::new(settings.listen, &settings.allowed_hosts))
}

/// Why a request is not meant for the edge.
pub(super) fn refusal(hosts: &Hosts, request: &Parts) -> Option<Problem> {
    let refusal = hosts.check(request).err()?;
    let title = "Not meant for this server";
    Some(Problem::new(
        refusal.status(),
        refusal.reason(),
        title,
        &refusal.to_string(),
    ))
}
