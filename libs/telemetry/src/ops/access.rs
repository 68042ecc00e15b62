//! Who is told the parts of the health report and the metrics. Decides over the head of a request: no I/O.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

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
    guesses: Option<Arc<dyn Guesses>>,
}

/// Who slows down guesses of the token, by address.
pub trait Guesses: Send + Sync {
    /// How long this address has to wait before what it shows is looked at.
    fn wait(&self, from: Option<IpAddr>, shown: &[u8]) -> Option<Duration>;

    /// Notes whether what it showed was good.
    fn note(&self, from: Option<IpAddr>, shown: &[u8], good: bool);
}

/// Why somebody may not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stranger {
    /// Shows no token, and is not here where there is none.
    Nobody,
    /// Shows another token.
    Wrong,
    /// Has shown too many others, and has to wait.
    SlowedDown(Duration),
}

impl Stranger {
    /// For metrics and logs.
    pub(super) const fn reason(self) -> &'static str {
        match self {
            Self::Nobody => "no_credentials",
            Self::Wrong => "wrong_token",
            Self::SlowedDown(_) => "too_many_failed_logins",
        }
    }
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
            guesses: None,
        }
    }

    /// The same, where guesses are slowed down.
    #[must_use]
    pub fn guarded(self, guesses: Arc<dyn Guesses>) -> Self {
        Self {
            guesses: Some(guesses),
            ..self
        }
    }

    /// Whether whoever sent this may know; if not, why.
    pub(super) fn may_know(&self, request: &Parts) -> Result<(), Stranger> {
        match self.token.guard().as_ref() {
            Some(token) => self.shows(token, request),
            None if self.is_local(request) => Ok(()),
            None => Err(Stranger::Nobody),
        }
    }

    fn shows(&self, token: &Secret, request: &Parts) -> Result<(), Stranger> {
        let (given, from) = (given(request).ok_or(Stranger::Nobody)?, peer(request));
        if let Some(wait) = self
            .guesses
            .as_ref()
            .and_then(|guesses| guesses.wait(from, given))
        {
            return Err(Stranger::SlowedDown(wait));
        }
        let good = same(given, token.expose().as_bytes());
        if let Some(guesses) = &self.guesses {
            guesses.note(from, given, good);
        }
        if good { Ok(()) } else { Err(Stranger::Wrong) }
    }

    fn is_local(&self, request: &Parts) -> bool {
        let here = peer(request).is_some_and(|peer| peer.to_canonical().is_loopback());
        let headers = &request.headers;
        let forwarded =
            headers.contains_key(FORWARDED) || FORWARDING.iter().any(|name| headers.contains_key(*name));
        here && !forwarded && self.hosts.check(request).is_ok()
    }
}

fn peer(request: &Parts) -> Option<IpAddr> {
    let peer = request.extensions.get::<ConnectInfo<SocketAddr>>();
    peer.map(|ConnectInfo(peer)| peer.ip())
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
