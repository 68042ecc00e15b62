//! What an attempt leads to, by what was said and how often it was tried. Pure: chance and the number of the attempt are
//! passed in.

use std::time::Duration;

use stage::Cause;

use super::vendor::Meaning;

/// How much longer a wait may be by chance, so that those who failed together do not come back together.
const JITTER: f64 = 0.1;

/// The reason of a notification whose receiver says that it is gone for good.
pub(super) const GONE: &str = "http_410";
/// The reason of one that its receiver will never take.
pub(super) const REFUSED: &str = "http_4xx";
/// The reason of one whose chat, channel or webhook is not there any more, or takes nothing from us.
pub(super) const RECEIVER_GONE: &str = "receiver_gone";
/// The reason of one whose token or key is refused.
pub(super) const UNAUTHORIZED: &str = "unauthorized";

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The receiver has it.
    Delivered,
    /// Try again after this long.
    Again(Duration, Cause),
    /// It was not tried: the channel takes nothing for this long.
    Wait(Duration),
    /// The attempts are used up.
    GiveUp,
    /// It will never be taken, for this reason.
    Dead(&'static str),
    /// The channel takes nothing until a person has mended something, for this reason.
    Disable(&'static str),
}

/// Decides about an attempt: the `scheduled`-th (from 1) of those that `retries` makes.
pub(super) fn of(meaning: &Meaning, scheduled: u32, retries: &[Duration], chance: f64) -> Verdict {
    match meaning {
        Meaning::Taken => Verdict::Delivered,
        Meaning::Never(reason) => Verdict::Dead(reason),
        Meaning::Disable(reason) => Verdict::Disable(reason),
        Meaning::NoRoom(rest) => Verdict::Wait(*rest),
        Meaning::Later { rest } => again(scheduled, retries, chance, rest.unwrap_or_default()),
        Meaning::Otherwise(_) => again(scheduled, retries, chance, Duration::ZERO),
    }
}

/// What the receiver asks for is a lower bound: `Retry-After: 0` is no reason to hurry.
fn again(scheduled: u32, retries: &[Duration], chance: f64, rest: Duration) -> Verdict {
    let Some(wait) = retries.get(scheduled.saturating_sub(1) as usize) else {
        return Verdict::GiveUp;
    };
    let wait = wait.mul_f64(1.0 + JITTER * chance.clamp(0.0, 1.0));
    Verdict::Again(wait.max(rest), Cause::Part { rest })
}

#[cfg(test)]
mod tests {
    use super::*;

    const RETRIES: [Duration; 2] = [Duration::from_secs(5), Duration::from_mins(5)];

    fn later(seconds: u64) -> Meaning {
        Meaning::Later {
            rest: Some(Duration::from_secs(seconds)),
        }
    }

    fn again(seconds: u64, rest: u64) -> Verdict {
        let rest = Duration::from_secs(rest);
        Verdict::Again(Duration::from_secs(seconds), Cause::Part { rest })
    }

    #[test]
    fn attempts_follow_the_schedule_and_then_end() {
        let of = |scheduled| of(&Meaning::LATER, scheduled, &RETRIES, 0.0);
        assert_eq!(
            [of(1), of(2), of(3)],
            [again(5, 0), again(300, 0), Verdict::GiveUp]
        );
        let jittered = super::of(&Meaning::LATER, 2, &RETRIES, 1.0);
        assert_eq!(jittered, again(330, 0));
    }

    #[test]
    fn retry_after_is_a_lower_bound() {
        let of = |seconds| of(&later(seconds), 1, &RETRIES, 0.0);
        assert_eq!(
            [of(7), of(0), of(86_400)],
            [again(7, 7), again(5, 0), again(86_400, 86_400)]
        );
    }

    #[test]
    fn waiting_for_room_is_no_attempt() {
        let nine = Duration::from_secs(9);
        assert_eq!(of(&Meaning::NoRoom(nine), 3, &RETRIES, 0.0), Verdict::Wait(nine));
    }

    #[test]
    fn what_is_said_for_good_ends_it_at_once() {
        let of = |meaning| of(&meaning, 1, &RETRIES, 0.0);
        assert_eq!(of(Meaning::Never("http_4xx")), Verdict::Dead("http_4xx"));
        assert_eq!(of(Meaning::Disable(GONE)), Verdict::Disable(GONE));
        assert_eq!(of(Meaning::Taken), Verdict::Delivered);
    }
}
