//! What every HTTP listener bounds (edge, API, health), and TLS of a listener.

use std::num::NonZeroU16;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::problem::Problems;

/// Times and numbers of connections that hold on every HTTP listener.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ListenerSettings {
    /// For the head of a request, and for the TLS handshake before it. Default 10 s.
    #[serde(with = "humantime_serde")]
    pub header_timeout: Duration,
    /// From the head of a request to the beginning of its answer, the body included. Default 30 s.
    #[serde(with = "humantime_serde")]
    pub request_timeout: Duration,
    /// How long a client may not read its answer. Default 30 s.
    #[serde(with = "humantime_serde")]
    pub send_timeout: Duration,
    /// How long a connection may rest between two requests. Default 1 min.
    #[serde(with = "humantime_serde")]
    pub idle_timeout: Duration,
    /// How long requests under way may take after the stop. Default 8 s.
    #[serde(with = "humantime_serde")]
    pub drain_timeout: Duration,
    /// Connections at once on each listener. Without it, a part of half the descriptors that the process may open: 60 %
    /// for the edge (at most 4096), 30 % for the API (2048), 10 % for health (256).
    pub max_connections: Option<NonZeroU16>,
    /// Connections at once from one address (IPv6: one /64). Without it, half of those in all; give more behind a
    /// proxy, whose address is that of every client.
    pub max_connections_per_address: Option<NonZeroU16>,
}

impl Default for ListenerSettings {
    fn default() -> Self {
        Self {
            header_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            send_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_mins(1),
            drain_timeout: Duration::from_secs(8),
            max_connections: None,
            max_connections_per_address: None,
        }
    }
}

impl ListenerSettings {
    pub(crate) fn specimen() -> Self {
        Self {
            max_connections: Some(NonZeroU16::MIN),
            max_connections_per_address: Some(NonZeroU16::MIN),
            ..Self::default()
        }
    }

    pub(crate) fn check(&self, problems: &mut Problems) {
        let shortest = Duration::from_millis(100);
        for (key, value) in [
            ("listeners.header_timeout", self.header_timeout),
            ("listeners.request_timeout", self.request_timeout),
            ("listeners.send_timeout", self.send_timeout),
            ("listeners.idle_timeout", self.idle_timeout),
        ] {
            let fits = value >= shortest && value <= LONGEST;
            problems.unless(
                fits,
                key,
                format_args!("{value:?}"),
                "must be between 100ms and 1h",
            );
        }
        let fits = self.drain_timeout <= LONGEST;
        let value = format_args!("{:?}", self.drain_timeout).to_string();
        problems.unless(fits, "listeners.drain_timeout", value, "must be at most 1h");
    }
}

const LONGEST: Duration = Duration::from_hours(1);

/// TLS of a listener; both files are PEM and followed while it runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsSettings {
    /// The certificate and those between it and its CA.
    pub certificate: PathBuf,
    /// The private key (PKCS #8, PKCS #1 or SEC 1).
    pub key: PathBuf,
}

impl TlsSettings {
    pub(crate) fn specimen() -> Self {
        Self {
            certificate: PathBuf::new(),
            key: PathBuf::new(),
        }
    }
}
