//! Notifications reach the world: at least once, each with its id as idempotency key.

mod channel;
mod console;
mod effect;
mod payload;
mod signature;
mod verdict;
mod webhook;

pub use channel::DeliverError;
pub use console::Console;
pub use effect::DeliverEffect;
pub use signature::{Signer, SignerError};
