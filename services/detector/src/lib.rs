//! Events become detections, by window rules in event time.
//!
//! No Kafka, no clock, no I/O but the watched rule files: detections and windows are a function of the
//! events in their order.

mod absence;
mod alerting;
mod baselines;
mod cases;
mod decide;
mod detector;
mod found;
mod pattern;
mod rarities;
mod replay;
mod rule_files;
mod sequences;
mod stores;
mod watch;

pub use cases::{run_normalized_tests, run_tests};
pub use detector::DetectorStage;
pub use replay::Replay;
pub use rule_files::open_rules;
pub use stores::DetectorStores;
