//! Scoring rules: points for what is known about an event or a signal. No I/O, no clock.

mod adjust;
mod cases;
mod coverage;
mod draft;
mod explain;
mod group;
#[cfg(test)]
mod group_tests;
mod index;
mod levels;
mod mode;
mod named_rules;
mod outcome;
mod reason;
mod rule;
mod rule_set;
mod study;
mod tally;
#[cfg(test)]
mod tests;

pub use cases::{read_given, run_tests};
pub use coverage::{RuleCoverage, Seen};
pub use explain::Explained;
pub(crate) use group::Group;
pub use levels::Levels;
pub use mode::Mode;
pub use outcome::{Coverage, Scoring, Shadow};
pub use rule::Verdict;
pub(crate) use rule::{Rule, read_condition};
pub use rule_set::RuleSet;
pub use study::Study;

/// The keys that each mapping of a file may have.
#[cfg(test)]
pub(crate) mod keys {
    pub(crate) use super::cases::TEST_KEYS;
    pub(crate) use super::draft::{FILE_KEYS, MISSING_KEYS};
    pub(crate) use super::group::GROUP_KEYS;
    pub(crate) use super::levels::LEVEL_KEYS;
    pub(crate) use super::rule::RULE_KEYS;
}
