//! When an event happened: what its source says, as far as that can be. No I/O, no clock.

use admission::{Limits, Refusal, Time};
use model::Millis;

/// A time, and whether it is another one than the source said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Timing {
    pub(crate) time: Millis,
    pub(crate) corrected: bool,
}

/// The source's time, else that of the record's arrival at the broker. One that is ahead by no more than `skew` is a fast
/// clock, and the arrival is nearer the truth. One that is further ahead than the limit is replaced and marked: nobody
/// can tell the sender any more, and a time that has not come would move windows and retention.
pub(crate) fn timing(
    said: Option<Millis>,
    arrived: Millis,
    skew: Millis,
    limits: &Limits,
) -> Result<Timing, Refusal> {
    let kept = |time| Timing {
        time,
        corrected: false,
    };
    Ok(match admission::time(said, arrived, limits)? {
        Time::Unsaid => kept(arrived),
        Time::Said(time) if time.saturating_sub(arrived) <= skew => kept(time.min(arrived)),
        Time::Said(time) => kept(time),
        Time::Ahead { .. } => Timing {
            time: arrived,
            corrected: true,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use admission::Reason;

    const NOW: Millis = 1_000_000;

    fn at(said: Option<Millis>) -> Result<(Millis, bool), Reason> {
        let limits = Limits {
            max_ahead: 1_000,
            ..Limits::default()
        };
        let timing = timing(said, NOW, 100, &limits).map_err(|refusal| refusal.reason())?;
        Ok((timing.time, timing.corrected))
    }

    #[test]
    fn a_time_that_has_not_come_is_replaced_and_marked() {
        assert_eq!(at(None), Ok((NOW, false)));
        assert_eq!(at(Some(0)), Ok((0, false)));
        assert_eq!(at(Some(NOW + 100)), Ok((NOW, false)), "a fast clock");
        assert_eq!(at(Some(NOW + 1_000)), Ok((NOW + 1_000, false)));
        assert_eq!(at(Some(NOW + 1_001)), Ok((NOW, true)));
        assert_eq!(at(Some(253_402_300_799_999)), Ok((NOW, true)));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for none in [-1, i64::MIN, i64::MAX, 253_402_300_800_000] {
            assert_eq!(at(Some(none)), Err(Reason::TimeOutOfRange), "{none}");
        }
    }
}
