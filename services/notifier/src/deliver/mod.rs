//! Notifications reach the world: at least once, each with its id as idempotency key.

mod channel;
mod console;
mod digest;
mod draft;
mod effect;
mod email;
mod hidden;
mod ledger;
mod mail;
mod payload;
mod post;
mod signature;
mod standing;
mod vendor;
mod vendors;
mod verdict;

pub(crate) use channel::Channel;
pub use channel::DeliverError;
pub use console::Console;
pub(crate) use draft::{Draft, draft};
pub use effect::DeliverEffect;
pub use ledger::Ledger;
pub use signature::{Signer, SignerError};
