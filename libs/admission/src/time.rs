//! When an event says that it happened.

use crate::{Limits, Refusal};
use model::Millis;

/// Last millisecond of the year 9999, the last that RFC 3339 can write.
const LAST: Millis = 253_402_300_799_999;

/// What an event says of its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Time {
    /// Nothing.
    Unsaid,
    /// A time that can be.
    Said(Millis),
    /// A time that has not come. Whoever can tell the sender refuses it; whoever cannot takes the time of the arrival.
    Ahead {
        /// The time.
        time: Millis,
        /// How far it is ahead, in ms.
        by: Millis,
    },
}

/// Reads the time of an event that is looked at now: by the edge's clock, or by the log append time of its record.
pub fn time(time: Option<Millis>, now: Millis, limits: &Limits) -> Result<Time, Refusal> {
    let Some(time) = time else {
        return Ok(Time::Unsaid);
    };
    if !(0..=LAST).contains(&time) {
        return Err(Refusal::TimeOutOfRange(time));
    }
    let by = time.saturating_sub(now);
    Ok(if by > limits.max_ahead {
        Time::Ahead { time, by }
    } else {
        Time::Said(time)
    })
}
