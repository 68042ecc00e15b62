//! What an event may be: one table of limits, and one place that refuses.
//!
//! The HTTP edge and the normalizer ask here with the same settings. So what the edge answers with 202 is no dead letter
//! later for anything that the edge could have seen, and both say the same reason. Decides about one event and the time
//! that it is told: no Kafka, no clock, no I/O.
#![forbid(unsafe_code)]

mod envelope;
mod payload;
mod reason;
mod refusal;
mod time;

pub use envelope::envelope;
pub use payload::{Payload, payload};
pub use reason::Reason;
pub use refusal::Refusal;
pub use time::{Time, time};

use model::{Millis, RawEvent};

/// The table. Lengths are in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest id.
    pub id: usize,
    /// Longest source and type.
    pub name: usize,
    /// Longest other attribute, and name of an extension attribute.
    pub attribute: usize,
    /// Most extension attributes.
    pub extensions: usize,
    /// Largest data.
    pub data: usize,
    /// Deepest nesting of data that is JSON.
    pub depth: usize,
    /// How far a time may be ahead of the clock, in ms.
    pub max_ahead: Millis,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            id: 1024,
            name: 1024,
            attribute: 4096,
            extensions: 64,
            data: 2 * 1024 * 1024,
            depth: 64,
            max_ahead: 5 * 60 * 1000,
        }
    }
}

/// Everything at once, for whoever can still tell the sender: refuses also a time that is ahead of `now`.
pub fn admit(event: &mut RawEvent, now: Millis, limits: &Limits) -> Result<(), Refusal> {
    envelope(event, limits)?;
    let time = time(event.time, now, limits)?;
    payload(event.data.as_deref(), event.datacontenttype.as_deref(), limits)?;
    // Last, since it is the one thing for which an event from a topic is not dead.
    match time {
        Time::Ahead { by, .. } => Err(Refusal::TimeAhead {
            by,
            limit: limits.max_ahead,
        }),
        Time::Unsaid | Time::Said(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = 1_790_000_000_000;

    fn event() -> RawEvent {
        RawEvent {
            source: "s".to_owned(),
            kind: "t".to_owned(),
            ..RawEvent::default()
        }
    }

    fn refused(mut event: RawEvent) -> Reason {
        admit(&mut event, NOW, &Limits::default()).unwrap_err().reason()
    }

    #[test]
    fn a_time_is_refused_that_is_ahead_or_none() {
        let at = |time| RawEvent {
            time: Some(time),
            ..event()
        };
        for good in [0, NOW - 1, NOW, NOW + 300_000] {
            assert_eq!(admit(&mut at(good), NOW, &Limits::default()), Ok(()));
        }
        assert_eq!(refused(at(NOW + 300_001)), Reason::TimeAhead);
        assert_eq!(refused(at(-1)), Reason::TimeOutOfRange);
        assert_eq!(refused(at(i64::MAX)), Reason::TimeOutOfRange);
    }

    #[test]
    fn envelope_and_data_are_held_to_their_limits() {
        let source = "x".repeat(1025);
        assert_eq!(refused(RawEvent { source, ..event() }), Reason::SourceTooLong);
        let data = Some(b"{".to_vec());
        assert_eq!(refused(RawEvent { data, ..event() }), Reason::InvalidData);
    }
}
