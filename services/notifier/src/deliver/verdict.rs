//! What a failed attempt leads to. Pure: chance and the number of the attempt are passed in.
//!
//! Any 2xx is a success, whatever its body. Everything else is tried again by the channel's schedule, but for answers
//! that speak of this very message (it is too large, it is malformed): the same bytes fare no better tomorrow. A 404 or
//! 403 is none of these: receivers answer so while they are deployed.

use std::time::Duration;

use outbound::CallError;
use stage::Cause;

/// How much longer a wait may be by chance, so that those who failed together do not come back together.
const JITTER: f64 = 0.1;

/// The reason of a notification whose receiver says that it is gone for good.
pub(super) const GONE: &str = "http_410";

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The receiver has it, whatever it said then.
    Delivered,
    /// Try again after this long.
    Again(Duration, Cause),
    /// It was not tried: the channel takes nothing for this long.
    Wait(Duration),
    /// The attempts are used up.
    GiveUp,
    /// It will never be taken, for this reason.
    Dead(&'static str),
}

/// Decides about an attempt that failed: the `scheduled`-th (from 1) of those that `retries` makes.
pub(super) fn of(error: &CallError, scheduled: u32, retries: &[Duration], chance: f64) -> Verdict {
    match error {
        CallError::TooLarge { .. } => Verdict::Delivered,
        CallError::Forbidden { .. } => Verdict::Dead("address_forbidden"),
        CallError::Rejected { status: 410, .. } => Verdict::Dead(GONE),
        CallError::Rejected { status, .. } if concerns_the_message(*status) => Verdict::Dead("http_4xx"),
        CallError::Open { retry_in, .. } | CallError::Throttled { retry_in, .. } => Verdict::Wait(*retry_in),
        _ => match retries.get(scheduled.saturating_sub(1) as usize) {
            Some(wait) => again(wait.mul_f64(1.0 + JITTER * chance.clamp(0.0, 1.0)), error),
            None => Verdict::GiveUp,
        },
    }
}

/// What the receiver asks for is a lower bound: `Retry-After: 0` is no reason to hurry.
fn again(wait: Duration, error: &CallError) -> Verdict {
    let rest = error.wait().unwrap_or_default();
    Verdict::Again(wait.max(rest), Cause::Part { rest })
}

/// RFC 9110 §15.5: bad request, not acceptable, length required, too large, unsupported, unprocessable, and the like.
const fn concerns_the_message(status: u16) -> bool {
    matches!(status, 400 | 406 | 411 | 413 | 414 | 415 | 416 | 417 | 422 | 431)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RETRIES: [Duration; 2] = [Duration::from_secs(5), Duration::from_mins(5)];

    fn busy(status: u16, seconds: Option<u64>) -> CallError {
        let retry_after = seconds.map(Duration::from_secs);
        CallError::Busy {
            endpoint: String::new(),
            status,
            retry_after,
        }
    }

    fn rejected(status: u16) -> CallError {
        CallError::Rejected {
            endpoint: String::new(),
            status,
            detail: String::new(),
        }
    }

    fn again(seconds: u64, rest: u64) -> Verdict {
        let rest = Duration::from_secs(rest);
        Verdict::Again(Duration::from_secs(seconds), Cause::Part { rest })
    }

    #[test]
    fn attempts_follow_the_schedule_and_then_end() {
        let of = |scheduled| of(&busy(500, None), scheduled, &RETRIES, 0.0);
        assert_eq!(
            [of(1), of(2), of(3)],
            [again(5, 0), again(300, 0), Verdict::GiveUp]
        );
        let jittered = super::of(&busy(500, None), 2, &RETRIES, 1.0);
        assert_eq!(jittered, again(330, 0));
    }

    #[test]
    fn retry_after_is_a_lower_bound() {
        let of = |seconds| of(&busy(429, Some(seconds)), 1, &RETRIES, 0.0);
        assert_eq!(
            [of(7), of(0), of(86_400)],
            [again(7, 7), again(5, 0), again(86_400, 86_400)]
        );
    }

    #[test]
    fn only_what_is_said_of_the_message_ends_it_at_once() {
        for status in [301, 302, 307, 401, 403, 404, 405, 407, 409, 418, 421, 451] {
            assert_eq!(of(&rejected(status), 1, &RETRIES, 0.0), again(5, 0), "{status}");
        }
        for status in [400, 413, 415, 422] {
            assert_eq!(
                of(&rejected(status), 1, &RETRIES, 0.0),
                Verdict::Dead("http_4xx"),
                "{status}"
            );
        }
        assert_eq!(of(&rejected(410), 1, &RETRIES, 0.0), Verdict::Dead("http_410"));
    }

    #[test]
    fn waiting_for_room_is_no_attempt() {
        let throttled = CallError::Throttled {
            endpoint: String::new(),
            retry_in: Duration::from_secs(9),
        };
        assert_eq!(
            of(&throttled, 3, &RETRIES, 0.0),
            Verdict::Wait(Duration::from_secs(9))
        );
    }
}
