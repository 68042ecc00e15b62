//! What a call may cost, and where it may go.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::{Backoff, BreakerPolicy};

/// The limits of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Of one attempt, from the name look-up to the last byte.
    pub timeout: Duration,
    /// Attempts of one call. With 1 the caller does the retries.
    pub max_attempts: u32,
    /// Of one call with all its attempts and waits.
    pub total: Duration,
    /// Waits between attempts.
    pub backoff: Backoff,
    /// Longest `Retry-After` that is believed.
    pub retry_after_cap: Duration,
    /// Most attempts a second, if limited.
    pub rate_per_s: Option<NonZeroU32>,
    /// Longest answer.
    pub max_response_bytes: usize,
    /// Whether private and loopback addresses may be called.
    pub allow_private: bool,
    /// When an endpoint is left alone.
    pub breaker: BreakerPolicy,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(5),
            max_attempts: 3,
            total: Duration::from_secs(15),
            backoff: Backoff::default(),
            retry_after_cap: Duration::from_mins(5),
            rate_per_s: None,
            max_response_bytes: 1024 * 1024,
            allow_private: false,
            breaker: BreakerPolicy::default(),
        }
    }
}
