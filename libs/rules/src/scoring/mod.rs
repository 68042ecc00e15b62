//! Scoring rules: points for what is known about an event or a signal. No I/O, no clock.

mod cases;
mod index;
mod levels;
mod rule;
mod rule_set;
#[cfg(test)]
mod tests;

pub use cases::run_tests;
pub use levels::Levels;
pub(crate) use rule::read_condition;
pub use rule_set::{RuleSet, Scoring};
