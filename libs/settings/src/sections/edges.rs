//! The HTTP edges that people and machines look at.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::TlsSettings;
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
}

impl Default for ApiSettings {
    fn default() -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 8088).into(),
            tls: None,
            allowed_hosts: Vec::new(),
            max_page: 500,
        }
    }
}

impl ApiSettings {
    pub(crate) fn specimen() -> Self {
        Self {
            tls: Some(TlsSettings::specimen()),
            allowed_hosts: vec![String::new()],
            ..Self::default()
        }
    }

    pub(crate) fn check(&self, problems: &mut Problems) {
        problems.at_least_one("api.max_page", self.max_page.into());
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
