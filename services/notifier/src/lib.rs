//! Signals and detections become notifications, planned once, and notifications reach the world.
//!
//! `plan` decides who is told, exactly once; `deliver` tells them, at least once, with the notification's id as the
//! key by which a receiver knows a repetition.

mod channels;
mod deliver;
mod plan;
mod preview;
mod text;

pub use channels::Channels;
pub use deliver::{Console, DeliverEffect, DeliverError, Ledger, Signer, SignerError};
pub use plan::{Cards, PlanInput, PlanStage, PlannedStores, open_cards};
pub use preview::{Preview, preview};
