//! How many dead letters a task may write before its stage stops, so that a bad release does not drain a topic into the
//! dead letters. No Kafka, no clock, no I/O.
//!
//! It is asked at dead letters only and counts in records read, which the task counts anyway: a good record costs
//! nothing. After an abort the same records come again with the same numbers, so what was noted of them is dropped.

use std::collections::VecDeque;
use std::fmt;

/// Limits of one stage, for each of its tasks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Limits {
    /// The share of the window that may be dead letters; 1 allows any.
    pub ratio: f64,
    /// The newest records of a task that the ratio is taken of.
    pub window: u64,
    /// Dead letters in a row; 0 allows any number.
    pub consecutive: u64,
}

/// A limit that is exceeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exceeded {
    /// This many of the newest records of the window.
    Ratio { dead: u64, window: u64 },
    /// This many in a row.
    Consecutive { dead: u64 },
}

impl Exceeded {
    /// The key of the settings that holds the limit, below `dead_letters`.
    pub(crate) const fn setting(self) -> &'static str {
        match self {
            Self::Ratio { .. } => "ratio",
            Self::Consecutive { .. } => "consecutive",
        }
    }
}

impl fmt::Display for Exceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ratio { dead, window } => write!(f, "{dead} of the last {window} records"),
            Self::Consecutive { dead } => write!(f, "{dead} records in a row"),
        }
    }
}

/// Dead letters without a good record between them, by their numbers among the records read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    first: u64,
    last: u64,
}

/// The dead letters among the newest records of one task.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct DeadLetterLimit {
    runs: VecDeque<Run>,
}

impl DeadLetterLimit {
    /// Notes that the record of this number among those that the task has read (from 1 on) is a dead letter.
    pub(crate) fn note(&mut self, number: u64, limits: Limits) -> Option<Exceeded> {
        self.forget_from(number);
        self.extend(number);
        self.forget_before(number.saturating_sub(limits.window) + 1);
        self.exceeded(number, limits)
    }

    /// These records come again.
    fn forget_from(&mut self, number: u64) {
        while self.runs.back().is_some_and(|run| run.first >= number) {
            self.runs.pop_back();
        }
        if let Some(run) = self.runs.back_mut() {
            run.last = run.last.min(number.saturating_sub(1));
        }
    }

    fn extend(&mut self, number: u64) {
        match self.runs.back_mut() {
            Some(run) if run.last + 1 == number => run.last = number,
            _ => self.runs.push_back(Run {
                first: number,
                last: number,
            }),
        }
    }

    /// A run is kept whole while any of it is in the window: how long it is matters too.
    fn forget_before(&mut self, number: u64) {
        while self.runs.front().is_some_and(|run| run.last < number) {
            self.runs.pop_front();
        }
    }

    fn exceeded(&self, number: u64, limits: Limits) -> Option<Exceeded> {
        let run = self.runs.back()?;
        let in_a_row = run.last - run.first + 1;
        if limits.consecutive > 0 && in_a_row > limits.consecutive {
            return Some(Exceeded::Consecutive { dead: in_a_row });
        }
        let window = limits.window;
        let begins = number.saturating_sub(window) + 1;
        let dead = self
            .runs
            .iter()
            .map(|run| run.last + 1 - run.first.max(begins))
            .sum();
        (dead as f64 > limits.ratio * window as f64).then_some(Exceeded::Ratio { dead, window })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMITS: Limits = Limits {
        ratio: 0.5,
        window: 10,
        consecutive: 4,
    };

    /// What is said of each dead letter among records that are dead where this is `true`.
    fn said(records: &[bool], limits: Limits) -> Vec<Option<Exceeded>> {
        let mut limit = DeadLetterLimit::default();
        let numbered = (1..).zip(records).filter(|(_, dead)| **dead);
        numbered.map(|(number, _)| limit.note(number, limits)).collect()
    }

    #[test]
    fn one_more_in_a_row_than_allowed_is_too_many() {
        let said = said(&[true; 5], LIMITS);
        assert_eq!(said[3], None);
        assert_eq!(said[4], Some(Exceeded::Consecutive { dead: 5 }));
    }

    #[test]
    fn a_good_record_begins_a_new_row() {
        let records = [
            true, true, true, false, true, true, false, false, false, true, true, true,
        ];
        let limits = Limits { ratio: 1.0, ..LIMITS };
        assert!(said(&records, limits).iter().all(Option::is_none));
    }

    #[test]
    fn more_than_the_share_of_the_window_is_too_many_however_they_lie() {
        let records = [true, false, true, true, false, true, false, true, true];
        let expected = Exceeded::Ratio { dead: 6, window: 10 };
        assert_eq!(said(&records, LIMITS).last(), Some(&Some(expected)));
    }

    #[test]
    fn both_limits_can_be_lifted() {
        let none = Limits {
            ratio: 1.0,
            consecutive: 0,
            ..LIMITS
        };
        assert!(said(&[true; 1_000], none).iter().all(Option::is_none));
    }

    proptest! {
        /// The same as counting over all records.
        #[test]
        fn it_agrees_with_counting(records in prop::collection::vec(any::<bool>(), 0..200), window in 1u64..40, consecutive in 0u64..20) {
            let limits = Limits { ratio: 0.5, window, consecutive };
            let numbers = (0..records.len()).filter(|at| records[*at]);
            let counted = numbers.map(|at| {
                let in_a_row = records[..=at].iter().rev().take_while(|dead| **dead).count() as u64;
                let from = (at + 1).saturating_sub(usize::try_from(window).unwrap());
                let dead = records[from..=at].iter().filter(|dead| **dead).count() as u64;
                (consecutive > 0 && in_a_row > consecutive) || dead as f64 > 0.5 * window as f64
            });
            let counted: Vec<bool> = counted.collect();
            let said: Vec<bool> = said(&records, limits).iter().map(Option::is_some).collect();
            prop_assert_eq!(said, counted);
        }

        /// An abort and its repetition leave no trace.
        #[test]
        fn records_that_come_again_count_once(records in prop::collection::vec(any::<bool>(), 1..100), from in 0usize..100) {
            let limits = Limits { window: 200, ..LIMITS };
            let (mut straight, mut torn) = (DeadLetterLimit::default(), DeadLetterLimit::default());
            let dead = |from: usize| (1..).zip(&records).skip(from).filter(|(_, dead)| **dead).map(|(number, _)| number);
            dead(0).for_each(|number| _ = straight.note(number, limits));
            dead(0).chain(dead(from)).for_each(|number| _ = torn.note(number, limits));
            prop_assert_eq!(straight, torn);
        }
    }
}
