//! What a call may cost, and where it may go.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::{Backoff, BreakerPolicy, Reach};

/// What of an answer matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// The whole body: an answer without its end is none.
    Body,
    /// The status alone: it is the answer, whatever becomes of the body behind it.
    Status,
}

/// The limits of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Of one attempt, from the name look-up to the last byte that is wanted.
    pub timeout: Duration,
    /// Attempts of one call. With 1 the caller does the retries.
    pub max_attempts: u32,
    /// Of one call with all its attempts and waits.
    pub total: Duration,
    /// Waits between attempts.
    pub backoff: Backoff,
    /// Longest `Retry-After` that is believed; what it asks for is waited for at least.
    pub retry_after_cap: Duration,
    /// Most attempts a second, if limited.
    pub rate_per_s: Option<NonZeroU32>,
    /// What of an answer matters.
    pub wanted: Wanted,
    /// Longest answer.
    pub max_response_bytes: usize,
    /// Where it may go.
    pub reach: Reach,
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
            wanted: Wanted::Body,
            max_response_bytes: 1024 * 1024,
            reach: Reach::default(),
            breaker: BreakerPolicy::default(),
        }
    }
}
