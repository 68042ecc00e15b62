//! Why a call did not succeed, and whether trying again may help.

use std::time::Duration;

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The TLS of this machine cannot be used.
    #[error(
        "no HTTPS client can be made: {0}; install the system's CA certificates (package ca-certificates)"
    )]
    Tls(String),
    /// The proxy cannot be used.
    #[error("the proxy's address is no http or https URL; write it like http://user:password@host:3128")]
    Proxy,
}

/// Why a call did not succeed. Endpoints are shown by their origin only.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The address must not be called.
    #[error(
        "{endpoint} must not be called: its address is {why}; add its network to outbound.allowed_networks if that is intended"
    )]
    Forbidden {
        /// Scheme, host and port.
        endpoint: String,
        /// Which kind of address it is.
        why: String,
    },
    /// The endpoint failed so often that it is left alone.
    #[error("{endpoint} failed repeatedly and is left alone for {} ms", retry_in.as_millis())]
    Open {
        /// Scheme, host and port.
        endpoint: String,
        /// When a call may try again.
        retry_in: Duration,
    },
    /// The rate limit leaves no room within the time of the call.
    #[error("the rate limit of {endpoint} leaves no room for {} ms", retry_in.as_millis())]
    Throttled {
        /// Scheme, host and port.
        endpoint: String,
        /// When there is room.
        retry_in: Duration,
    },
    /// No whole answer came in time.
    #[error("{endpoint} gave no whole answer within {} ms", after.as_millis())]
    Timeout {
        /// Scheme, host and port.
        endpoint: String,
        /// The time it had.
        after: Duration,
    },
    /// There was no connection, or it broke.
    #[error("{endpoint} cannot be reached: {reason}")]
    Unreachable {
        /// Scheme, host and port.
        endpoint: String,
        /// What was in the way.
        reason: String,
    },
    /// The endpoint asks to come back later: 408, 425, 429, 5xx.
    #[error("{endpoint} answered {status}")]
    Busy {
        /// Scheme, host and port.
        endpoint: String,
        /// The status.
        status: u16,
        /// What `Retry-After` said, capped.
        retry_after: Option<Duration>,
    },
    /// The endpoint will never take this: any other 4xx, or a redirect, which is not followed.
    #[error("{endpoint} rejected the request with {status}{}", shown(detail))]
    Rejected {
        /// Scheme, host and port.
        endpoint: String,
        /// The status.
        status: u16,
        /// The beginning of the answer.
        detail: String,
    },
    /// The endpoint took the request, but its answer is longer than allowed.
    #[error("the answer of {endpoint} is longer than {limit} bytes")]
    TooLarge {
        /// Scheme, host and port.
        endpoint: String,
        /// The status, 2xx.
        status: u16,
        /// The limit.
        limit: usize,
    },
}

impl CallError {
    /// Whether the same call may succeed later.
    pub fn is_transient(&self) -> bool {
        !matches!(
            self,
            Self::Forbidden { .. } | Self::Rejected { .. } | Self::TooLarge { .. }
        )
    }

    /// How long to wait at least, where that is known. It is a lower bound: zero asks for no haste.
    pub fn wait(&self) -> Option<Duration> {
        match self {
            Self::Open { retry_in, .. } | Self::Throttled { retry_in, .. } => Some(*retry_in),
            Self::Busy { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// The status, if there was an answer.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Busy { status, .. } | Self::Rejected { status, .. } | Self::TooLarge { status, .. } => {
                Some(*status)
            }
            _ => None,
        }
    }

    /// A code of few values, for metrics and for what is unknown in a signal.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Forbidden { .. } => "forbidden",
            Self::Open { .. } => "circuit_open",
            Self::Throttled { .. } => "throttled",
            Self::Timeout { .. } => "timeout",
            Self::Unreachable { .. } => "unreachable",
            Self::Busy { status: 429, .. } => "http_429",
            Self::Busy { .. } => "http_5xx",
            Self::Rejected { .. } => "http_4xx",
            Self::TooLarge { .. } => "too_large",
        }
    }

    /// Whether this speaks against the endpoint's health: a refusal and a 429 come from a healthy one.
    pub(crate) fn blames_endpoint(&self) -> bool {
        match self {
            Self::Timeout { .. } | Self::Unreachable { .. } => true,
            Self::Busy { status, .. } => *status >= 500,
            _ => false,
        }
    }
}

fn shown(detail: &str) -> String {
    if detail.is_empty() {
        String::new()
    } else {
        format!(": {detail}")
    }
}
