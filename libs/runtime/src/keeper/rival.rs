//! Whether another process uses the ids of this lane. No Kafka, no clock, no I/O: time is passed in.
//!
//! Kafka lets one client have an instance id and a transactional id, and fences the one before. Two processes with one
//! id fence each other for as long as both begin anew. The one that has just been fenced for the third time in a row ends;
//! the other goes on.

use crate::fault::Fenced;
use std::time::Duration;

/// Fenced so often in a row, a lane ends.
const ENDS: u32 = 3;

/// What the lane knows of another one with its ids.
pub(super) struct Rival {
    /// The longest that a lane lives which another one with the same ids fences.
    session: Duration,
    /// The broker ends a transaction after this, and then the producer looks fenced too.
    transaction: Duration,
    fenced: u32,
}

impl Rival {
    pub(super) const fn new(session: Duration, transaction: Duration) -> Self {
        Self {
            session,
            transaction,
            fenced: 0,
        }
    }

    /// A lane has ended that lived so long; says whether it was fenced once too often.
    pub(super) fn ended(&mut self, fenced: Option<Fenced>, lived: Duration) -> bool {
        let by_a_rival = match fenced {
            Some(Fenced::Member) => lived < self.session,
            Some(Fenced::Producer) => lived < self.transaction,
            None => false,
        };
        if by_a_rival {
            self.fenced += 1;
        } else if lived >= self.session {
            self.fenced = 0;
        }
        self.fenced >= ENDS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn who_is_fenced_three_times_in_a_row_soon_after_it_began_has_a_rival() {
        let mut rival = Rival::new(at(30), at(9));
        assert!(!rival.ended(Some(Fenced::Member), at(3)));
        assert!(!rival.ended(Some(Fenced::Producer), at(1)));
        assert!(!rival.ended(None, at(1)), "a broker that is away between two");
        assert!(rival.ended(Some(Fenced::Member), at(2)));
    }

    #[test]
    fn a_transaction_that_the_broker_ended_and_a_process_that_was_replaced_are_no_rivals() {
        let mut rival = Rival::new(at(30), at(9));
        for _ in 0..9 {
            assert!(!rival.ended(Some(Fenced::Producer), at(9)), "slow");
        }
        for _ in 0..9 {
            assert!(!rival.ended(Some(Fenced::Member), at(3)), "replaced");
            assert!(!rival.ended(None, at(40)), "and well since");
        }
    }
}
