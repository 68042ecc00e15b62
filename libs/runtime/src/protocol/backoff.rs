//! How long tasks rest after transactions that were aborted in a row. No Kafka, no clock, no I/O.

use std::time::Duration;

/// The rest after the second abort in a row; doubled with each further one, up to the second.
const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(10);

/// The rest after this many aborts in a row. One alone says nothing: what did not arrive is written again at once.
pub(super) fn backoff(aborts: u32) -> Duration {
    match aborts.checked_sub(2) {
        None => Duration::ZERO,
        Some(more) => FIRST.saturating_mul(1 << more.min(16)).min(LONGEST),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_abort_costs_no_time_and_many_no_more_than_the_longest_rest() {
        let rests: Vec<u64> = (0..6)
            .map(|aborts| u64::try_from(backoff(aborts).as_millis()).unwrap())
            .collect();
        assert_eq!(rests, [0, 0, 100, 200, 400, 800]);
        assert_eq!((backoff(20), backoff(u32::MAX)), (LONGEST, LONGEST));
    }
}
