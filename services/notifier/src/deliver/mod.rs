//! Notifications reach the world: at least once, each with its id as idempotency key.

mod channel;
mod console;
mod effect;
mod ledger;
mod payload;
mod signature;
mod standing;
mod verdict;
mod webhook;

pub(crate) use channel::Channel;
pub use channel::DeliverError;
pub use console::Console;
pub use effect::DeliverEffect;
pub use ledger::Ledger;
pub use signature::{Signer, SignerError};
