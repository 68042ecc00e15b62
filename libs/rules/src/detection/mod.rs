//! Detection rules: which events count towards which anomaly. The counting itself is in `windows`.
//! No I/O, no clock.

mod case;
mod rule;
mod rule_set;
#[cfg(test)]
mod tests;

pub use case::{DetectionCase, TimedEvent};
pub use rule::{DetectionRule, Kind};
pub use rule_set::{DetectionRules, Inquiry, Observation};
