//! Events become scored events, by rules that mention only event fields.
//!
//! No Kafka, no clock, no I/O but the watched rule files: the same event and rules give the same score.

mod rule_files;
mod score;
mod trials;

pub use rule_files::open_rules;
pub use score::{ScorerStage, scored};
pub use trials::{TrialCounts, Trials};
