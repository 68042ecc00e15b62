//! The HTTP edges that people and machines look at.

use std::net::{Ipv4Addr, SocketAddr};

use serde::{Deserialize, Serialize};

use crate::problem::Problems;

/// The HTTP edge that people query.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ApiSettings {
    /// Default `127.0.0.1:8088`.
    pub listen: SocketAddr,
    /// Most items on one page. Default 500.
    pub max_page: u32,
}

impl Default for ApiSettings {
    fn default() -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 8088).into(),
            max_page: 500,
        }
    }
}

impl ApiSettings {
    pub(crate) fn check(&self, problems: &mut Problems) {
        problems.at_least_one("api.max_page", self.max_page.into());
    }
}

/// Health and metrics of any process: `/healthz`, `/readyz`, `/metrics`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OpsSettings {
    /// Default `127.0.0.1:9464`; port 0 takes any free one.
    pub listen: SocketAddr,
}

impl Default for OpsSettings {
    fn default() -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 9464).into(),
        }
    }
}
