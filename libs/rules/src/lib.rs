//! Rule files compiled to scores and detections. No Kafka, no clock, no I/O.
//!
//! A rule file is YAML with conditions in CEL. It is compiled once; deciding it is three-valued: what
//! is not known makes a condition unknown, not false.

mod condition;
mod detection;
mod error;
mod event_facts;
mod fact;
mod file;
mod names;
mod node;
mod outcome;
mod scoring;
mod substitute;
mod template;
mod words;

pub use detection::{DetectionCase, DetectionRule, DetectionRules, Inquiry, Kind, Observation, TimedEvent};
pub use error::{Fault, RuleError, explain};
pub use fact::{Both, Fact, FactList, Facts, OwnedFact};
pub use file::rule_files;
pub use names::{ALIASES, EVENT_FIELDS, SIGNAL_FIELDS, Scope};
pub use outcome::TestOutcome;
pub use scoring::{Levels, RuleSet, Scoring, run_tests};
