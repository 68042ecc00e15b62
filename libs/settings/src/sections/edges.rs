//! The HTTP edges that people and machines look at.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{AuthMode, TlsSettings};
use crate::problem::Problems;
use crate::secret::Secret;

/// The HTTP edge that people query.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ApiSettings {
    /// Default `127.0.0.1:8088`.
    pub listen: SocketAddr,
    /// TLS; without it, HTTP.
    pub tls: Option<TlsSettings>,
    /// Names that clients know this server by, beside its address and localhost. Without authentication, requests for
    /// another host or from a page of another site are refused.
    pub allowed_hosts: Vec<String>,
    /// Most items on one page. Default 500.
    pub max_page: u32,
    /// Most bytes of a page's items; a page ends before the item that is too much, but has one. Default 4194304.
    pub max_page_bytes: usize,
    /// Questions of one caller that are answered at the same time; more wait, and then are refused with 429. At most
    /// `postgres.max_connections`; less leaves connections for other callers. Default 4.
    pub queries_at_once: usize,
    /// Time of the database that one caller may use in a minute; then it is refused with 429. Default `30s`.
    #[serde(with = "humantime_serde")]
    pub query_time: Duration,
    /// A question that takes the database longer is cancelled, and answered with 503. Default `5s`.
    #[serde(with = "humantime_serde")]
    pub query_timeout: Duration,
    /// An answer that its reader has not taken by then is given up. Default `30s`.
    #[serde(with = "humantime_serde")]
    pub send_timeout: Duration,
    /// Whether a key with the scope `read` is asked for; as `adapters.auth` if not given.
    pub auth: Option<AuthMode>,
}

impl Default for ApiSettings {
    fn default() -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 8088).into(),
            tls: None,
            allowed_hosts: Vec::new(),
            max_page: 500,
            max_page_bytes: 4 * 1024 * 1024,
            queries_at_once: 4,
            query_time: Duration::from_secs(30),
            query_timeout: Duration::from_secs(5),
            send_timeout: Duration::from_secs(30),
            auth: None,
        }
    }
}

impl ApiSettings {
    pub(crate) fn specimen() -> Self {
        Self {
            tls: Some(TlsSettings::specimen()),
            allowed_hosts: vec![String::new()],
            auth: Some(AuthMode::Required),
            ..Self::default()
        }
    }

    pub(crate) fn check(&self, problems: &mut Problems) {
        problems.at_least_one("api.max_page", self.max_page.into());
        problems.at_least_one("api.max_page_bytes", self.max_page_bytes as u64);
        let at_once = (1..=1000).contains(&self.queries_at_once);
        problems.unless(
            at_once,
            "api.queries_at_once",
            self.queries_at_once,
            "must be from 1 to 1000",
        );
        for (key, time) in [
            ("api.query_time", self.query_time),
            ("api.query_timeout", self.query_timeout),
            ("api.send_timeout", self.send_timeout),
        ] {
            let usable = (Duration::from_millis(1)..=Duration::from_hours(1)).contains(&time);
            let shown = humantime_serde::re::humantime::format_duration(time);
            problems.unless(usable, key, shown, "must be from 1ms to 1h");
        }
    }
}

/// Health and metrics of any process: `/livez`, `/readyz`, `/metrics`, on a port of their own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OpsSettings {
    /// Default `127.0.0.1:9464`; port 0 takes any free one.
    pub listen: SocketAddr,
    /// TLS; without it, HTTP.
    pub tls: Option<TlsSettings>,
    /// Who sends it as `Authorization: Bearer` is told the parts of the health report and the metrics; everybody else
    /// is told only whether the process is alive and ready. Without a token, clients on this machine are told all.
    pub token: Option<Secret>,
    /// How long `/readyz` says 503 after SIGTERM before the listeners close, so that load balancers notice. Default
    /// 1 s; set it to what yours takes.
    #[serde(with = "humantime_serde")]
    pub drain_delay: Duration,
}

impl Default for OpsSettings {
    fn default() -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 9464).into(),
            tls: None,
            token: None,
            drain_delay: Duration::from_secs(1),
        }
    }
}

impl OpsSettings {
    pub(crate) fn specimen() -> Self {
        Self {
            tls: Some(TlsSettings::specimen()),
            token: Some(Secret::default()),
            ..Self::default()
        }
    }

    pub(crate) fn check(&self, problems: &mut Problems) {
        if self.token.as_ref().is_some_and(|token| token.expose().len() < 16) {
            problems.add_hidden("ops.token", "use at least 16 characters");
        }
        let fits = self.drain_delay <= Duration::from_mins(10);
        let value = format!("{:?}", self.drain_delay);
        problems.unless(fits, "ops.drain_delay", value, "must be at most 10min");
    }
}
