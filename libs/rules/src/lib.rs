//! Rule files compiled to scores and detections. No Kafka, no clock, no I/O.
//!
//! A rule file is YAML with conditions in CEL. It is compiled once; deciding it is three-valued: what
//! is not known makes a condition unknown, not false.

mod condition;
mod derived;
mod detection;
mod error;
mod event_facts;
mod fact;
mod file;
mod format;
mod given;
mod life;
mod lint;
mod lists;
mod names;
mod node;
mod node_text;
mod outcome;
mod reference;
mod schema;
mod scoring;
mod substitute;
mod template;
mod words;

pub use condition::evaluate;
pub use detection::{
    AbsentRule, AlertRule, BaselineRule, Brings, DetectionCase, DetectionRule, DetectionRules, Inquiry, Kind,
    Measures, Observation, Pattern, RareRule, SequenceRule, Telling, TimedEvent,
};
pub use error::{Fault, RuleError, explain};
pub use fact::{Both, Fact, FactList, Facts, OwnedFact};
pub use file::{SortedFiles, detection_files, rule_files, scoring_files, sorted_files};
pub use format::format;
pub use given::{Given, Normalize};
pub use life::{LifeChange, LifeRules, LifeText, MOST_LIFE_RULES, Standing as LifeStanding};
pub use lint::{CHECKS, Check, Finding, lint, lint_detections};
pub use names::{ALIASES, EVENT_FIELDS, SIGNAL_FIELDS, Scope};
pub use outcome::TestOutcome;
pub use reference::convert;
pub use schema::json_schema;
pub use scoring::{
    Coverage, Explained, Levels, Mode, RuleCoverage, RuleSet, Scoring, Seen, Shadow, Study, Verdict,
    read_given, run_tests,
};
