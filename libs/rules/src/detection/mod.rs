//! Detection rules: which events count towards which anomaly. The counting itself is in `windows`.
//! No I/O, no clock.

mod alert;
mod case;
mod habit;
mod measure;
mod pattern;
mod reading;
mod rule;
mod rule_set;
mod sequence;
#[cfg(test)]
mod tests;

pub use alert::AlertRule;
pub use case::{DetectionCase, TimedEvent};
pub use habit::{BaselineRule, RareRule};
pub use measure::{Brings, Measures};
pub use pattern::{AbsentRule, Pattern};
pub use rule::{DetectionRule, Kind, Telling};
pub use rule_set::{DetectionRules, Inquiry, Observation};
pub use sequence::SequenceRule;
