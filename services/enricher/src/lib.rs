//! Signals become enriched signals: facts from tables and from one HTTP source, then the rules that name them.
//!
//! What cannot be found out stays unknown and says why, but what was found out once stays known for a while, over
//! restarts too. A signal is never held up for longer than one time-out.

mod effect;
mod facts;
mod fold;
mod http;
mod identity;
mod knowledge;
mod memory;
mod output;
mod table;

pub use effect::{EnricherEffect, EnricherError};
pub use memory::{EnricherStores, Memory};
pub use outbound::Reach;
pub use output::EnrichedSignal;
pub use table::parse as parse_table;
