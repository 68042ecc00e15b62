//! Who is told of what. No Kafka, no clock, no I/O but the watched templates.

mod cards;
mod input;
mod stage;
mod stores;
mod subscription;
mod writing;

pub use cards::{Cards, open_cards};
pub use input::PlanInput;
pub use stage::PlanStage;
pub use stores::PlannedStores;
