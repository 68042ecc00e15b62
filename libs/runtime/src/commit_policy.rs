//! When to commit. No Kafka, no clock, no I/O: time is passed in.
//!
//! At once when the input is drained (low load, low latency), but no more often than a least interval, because each
//! transaction costs the broker 1.5 to 3.5 ms of CPU; by age, records or bytes under load. The least interval grows
//! with what commits take, so that a busy broker is asked for fewer and larger ones.

use std::time::Duration;

/// A moment of a monotonic clock, as the time since the lane began.
pub(crate) type Moment = Duration;

/// The limits of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct CommitPolicy {
    /// Least time between two commits.
    pub least_interval: Duration,
    /// Greatest age of a transaction under load.
    pub greatest_age: Duration,
    /// Most records of a transaction.
    pub records: u64,
    /// Most bytes of input of a transaction.
    pub bytes: u64,
}

/// Of the time between two commits of a drained input, at most one part in this many goes into committing.
const DUTY: u32 = 5;

/// The commit before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct LastCommit {
    /// When it was done.
    pub at: Moment,
    /// How long it took.
    took: Duration,
    /// The same, or of the commit before it, whichever is less: a slow one alone says nothing of the broker.
    pace: Duration,
}

impl LastCommit {
    /// One that was done at a moment, after another.
    pub(crate) fn new(at: Moment, took: Duration, before: Option<Self>) -> Self {
        let pace = before.map_or(took, |before| took.min(before.took));
        Self { at, took, pace }
    }
}

/// An open transaction, as far as the policy cares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Open {
    /// When it began.
    pub since: Moment,
    /// Records applied in it.
    pub records: u64,
    /// Bytes of input applied in it.
    pub bytes: u64,
    /// Whether nothing more was waiting when it was last asked.
    pub drained: bool,
}

impl Open {
    /// A transaction that begins now, with nothing in it.
    pub(crate) const fn at(now: Moment) -> Self {
        Self {
            since: now,
            records: 0,
            bytes: 0,
            drained: false,
        }
    }
}

impl CommitPolicy {
    /// When the transaction is to be committed; in the past or present means now.
    pub(crate) fn due(&self, open: &Open, last_commit: Option<LastCommit>) -> Moment {
        if open.records >= self.records || open.bytes >= self.bytes {
            return Moment::ZERO;
        }
        let by_age = open.since.saturating_add(self.greatest_age);
        if !open.drained {
            return by_age;
        }
        let by_drain = last_commit.map_or(Moment::ZERO, |last| {
            let interval = self.least_interval.max(last.pace.saturating_mul(DUTY));
            last.at.saturating_add(interval)
        });
        by_drain.min(by_age)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    fn policy() -> CommitPolicy {
        CommitPolicy {
            least_interval: MS(20),
            greatest_age: MS(100),
            records: 10_000,
            bytes: 1 << 20,
        }
    }

    fn open(since: u64, drained: bool) -> Open {
        Open {
            since: MS(since),
            records: 1,
            bytes: 100,
            drained,
        }
    }

    fn last(at: u64) -> LastCommit {
        LastCommit::new(MS(at), MS(1), None)
    }

    #[test]
    fn a_broker_that_is_slow_to_commit_is_asked_less_often() {
        let slow = LastCommit::new(MS(1_000), MS(12), None);
        assert_eq!(policy().due(&open(1_003, true), Some(slow)), MS(1_060));
        let stuck = LastCommit::new(MS(1_000), MS(5_000), None);
        assert_eq!(policy().due(&open(1_003, true), Some(stuck)), MS(1_103));
    }

    #[test]
    fn one_slow_commit_between_quick_ones_changes_nothing() {
        let slow = LastCommit::new(MS(1_000), MS(12), Some(last(900)));
        assert_eq!(policy().due(&open(1_003, true), Some(slow)), MS(1_020));
        let slow_again = LastCommit::new(MS(1_000), MS(14), Some(slow));
        assert_eq!(policy().due(&open(1_003, true), Some(slow_again)), MS(1_060));
    }

    #[test]
    fn one_record_a_second_is_committed_at_once() {
        assert!(policy().due(&open(1_000, true), Some(last(5))) <= MS(1_000));
        assert!(policy().due(&open(0, true), None) <= MS(0));
    }

    #[test]
    fn drained_again_and_again_it_keeps_the_least_interval() {
        assert_eq!(policy().due(&open(1_003, true), Some(last(1_000))), MS(1_020));
    }

    #[test]
    fn under_load_it_commits_once_an_interval() {
        assert_eq!(policy().due(&open(1_000, false), Some(last(990))), MS(1_100));
    }

    proptest! {
        #[test]
        fn nothing_waits_longer_than_the_greatest_age(
            since in 0u64..1_000_000, records in 0u64..20_000, bytes in 0u64..(2 << 20), drained: bool,
            commit in proptest::option::of(0u64..1_000_000), took in 0u64..1_000,
        ) {
            let open = Open { since: MS(since), records, bytes, drained };
            let last = commit.map(|at| LastCommit::new(MS(at), MS(took), None));
            prop_assert!(policy().due(&open, last) <= MS(since + 100));
        }
    }
}
