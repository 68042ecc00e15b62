//! The exactly-once runner, and the only crate that speaks to Kafka.
//!
//! Read in this order: `protocol` decides what a lane does next; `lane` executes it with one consumer and one
//! transactional producer; `work` is what lanes do with records; `drain` is the lane of a store that keeps its own
//! offsets; `run` starts lanes, and `keeper` begins them anew.

pub mod admin;
mod client;
mod commit_policy;
mod config;
mod dead_letter_limit;
mod drain;
mod fault;
mod host;
mod kafka;
mod keeper;
mod lane;
mod login;
mod metadata;
mod names;
mod observer;
mod protocol;
mod publisher;
mod pulse;
mod run;
#[cfg(test)]
mod search;
mod stop;
mod work;

pub use config::Shared;
pub use observer::{Committed, Death, Deaths, LaneState, Observer};
pub use publisher::{PublishError, Publisher};
#[cfg(feature = "bench")]
pub use run::run_stage_at_least_once;
pub use run::{RunningStage, StageFailed, run_drain, run_effect, run_stage};
pub use stop::Stop;
