//! Who is told the parts of the health report and the metrics. Decides over the head of a request: no I/O.

use std::net::SocketAddr;

use axum::extract::ConnectInfo;
use axum::http::header::{AUTHORIZATION, FORWARDED};
use axum::http::request::Parts;
use listen::Hosts;
use settings::{OpsSettings, Secret, Watched};
use subtle::ConstantTimeEq;

/// Headers by which a proxy on this machine says that the client is elsewhere.
const FORWARDING: [&str; 2] = ["x-forwarded-for", "x-real-ip"];

/// With a token set: who sends it. Without: clients on this machine that name it in `Host`, so that neither a proxy's
/// clients nor a page of another site count as being here.
pub struct OpsAccess {
    token: Watched<Option<Secret>>,
    hosts: Hosts,
}

impl OpsAccess {
    /// As the settings say.
    pub fn new(settings: &OpsSettings) -> Self {
        Self::following(settings, Watched::fixed(settings.token.clone()))
    }

    /// The same with a token that may change.
    pub fn following(settings: &OpsSettings, token: Watched<Option<Secret>>) -> Self {
        let local = (std::net::Ipv4Addr::LOCALHOST, settings.listen.port());
        // How a listener on every address is named by its own settings.
        let everywhere = ["0.0.0.0".to_owned(), "[::]".to_owned()];
        Self {
            token,
            hosts: Hosts::new(local.into(), &everywhere),
        }
    }

    pub(super) fn may_know(&self, request: &Parts) -> bool {
        match self.token.guard().as_ref() {
            Some(token) => given(request).is_some_and(|given| same(given, token.expose().as_bytes())),
            None => self.is_local(request),
        }
    }

    fn is_local(&self, request: &Parts) -> bool {
        let peer = request.extensions.get::<ConnectInfo<SocketAddr>>();
        let here = peer.is_some_and(|ConnectInfo(peer)| peer.ip().to_canonical().is_loopback());
        let headers = &request.headers;
        let forwarded =
            headers.contains_key(FORWARDED) || FORWARDING.iter().any(|name| headers.contains_key(*name));
        here && !forwarded && self.hosts.check(request).is_ok()
    }
}

fn given(request: &Parts) -> Option<&[u8]> {
    let (scheme, token) = request
        .headers
        .get(AUTHORIZATION)?
        .as_bytes()
        .split_at_checked(7)?;
    scheme
        .eq_ignore_ascii_case(b"bearer ")
        .then(|| token.trim_ascii())
}

/// In constant time for tokens of one length; the length of the token is no secret.
fn same(given: &[u8], token: &[u8]) -> bool {
    given.ct_eq(token).into()
}
