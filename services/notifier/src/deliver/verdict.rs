//! What a failed attempt leads to. Pure: chance and the number of the attempt are passed in.

use std::time::Duration;

use outbound::{Backoff, CallError};

/// Waits between attempts: half a second at first, half a minute at most.
const BACKOFF: Backoff = Backoff {
    base: Duration::from_millis(500),
    cap: Duration::from_secs(30),
};
/// Waiting for a breaker or a rate limit is no attempt, but must end too.
const PATIENCE: u32 = 8;

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The receiver has it, whatever it said then.
    Delivered,
    /// Try again after this long.
    Again(Duration),
    /// The attempts are used up.
    GiveUp,
    /// It will never be taken, for this reason.
    Dead(&'static str),
}

/// Decides about attempt number `attempt` (from 1) of `most`.
pub(super) fn of(error: &CallError, attempt: u32, most: u32, chance: f64) -> Verdict {
    match error {
        CallError::TooLarge { .. } => Verdict::Delivered,
        CallError::Rejected {
            status: 400..=499, ..
        } => Verdict::Dead("http_4xx"),
        CallError::Rejected { .. } => Verdict::Dead("http_redirect"),
        CallError::Forbidden { .. } => Verdict::Dead("address_forbidden"),
        CallError::Open { retry_in, .. } | CallError::Throttled { retry_in, .. } => {
            if attempt < most.saturating_mul(PATIENCE) {
                Verdict::Again(*retry_in)
            } else {
                Verdict::GiveUp
            }
        }
        _ if attempt >= most => Verdict::GiveUp,
        // What the receiver asks for is a lower bound: `Retry-After: 0` is no reason to hurry.
        _ => Verdict::Again(
            error
                .wait()
                .unwrap_or_default()
                .max(BACKOFF.after(attempt, chance)),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn busy(status: u16, seconds: Option<u64>) -> CallError {
        let retry_after = seconds.map(Duration::from_secs);
        CallError::Busy {
            endpoint: String::new(),
            status,
            retry_after,
        }
    }

    #[test]
    fn every_end_has_its_verdict() {
        let endpoint = String::new();
        let rejected = |status| CallError::Rejected {
            endpoint: String::new(),
            status,
            detail: String::new(),
        };
        assert_eq!(
            of(&busy(500, None), 1, 8, 1.0),
            Verdict::Again(Duration::from_millis(500))
        );
        assert_eq!(
            of(&busy(503, None), 20, 30, 1.0),
            Verdict::Again(Duration::from_secs(30))
        );
        assert_eq!(
            of(&busy(429, Some(7)), 1, 8, 1.0),
            Verdict::Again(Duration::from_secs(7))
        );
        assert_eq!(
            of(&busy(503, Some(0)), 1, 8, 1.0),
            Verdict::Again(Duration::from_millis(500)),
            "a lower bound"
        );
        assert_eq!(of(&busy(500, None), 8, 8, 1.0), Verdict::GiveUp);
        assert_eq!(of(&rejected(410), 1, 8, 1.0), Verdict::Dead("http_4xx"));
        assert_eq!(of(&rejected(302), 1, 8, 1.0), Verdict::Dead("http_redirect"));
        let too_large = CallError::TooLarge {
            endpoint: endpoint.clone(),
            status: 200,
            limit: 1,
        };
        assert_eq!(of(&too_large, 1, 8, 1.0), Verdict::Delivered);
        let open = CallError::Open {
            endpoint,
            retry_in: Duration::from_secs(9),
        };
        assert_eq!(
            of(&open, 8, 8, 1.0),
            Verdict::Again(Duration::from_secs(9)),
            "waiting is no attempt"
        );
        assert_eq!(of(&open, 64, 8, 1.0), Verdict::GiveUp);
    }
}
