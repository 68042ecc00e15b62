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
mod outcome;
mod reason;
mod rule;
mod rule_set;
mod tally;
#[cfg(test)]
mod tests;

pub use cases::run_tests;
pub use coverage::{RuleCoverage, Seen};
pub use explain::Explained;
pub(crate) use group::Group;
pub use levels::Levels;
pub use mode::Mode;
pub use outcome::{Coverage, Scoring, Shadow};
pub use rule::Verdict;
pub(crate) use rule::{Rule, read_condition};
pub use rule_set::RuleSet;
