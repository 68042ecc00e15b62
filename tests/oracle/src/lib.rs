//! Whether nothing was lost and nothing was counted twice, judged from the topics and the database alone.
//!
//! Each check is a function from what was read to a [`Verdict`], without Kafka, clock or I/O; only [`rows`] asks the
//! database. Two kinds of checks stand beside each other:
//!
//! - Tallies that share no logic with the stages: [`fates`], [`outbox`], [`rows`], [`truth`], [`conservation`],
//!   [`Witness`]. They count ids, places and versions, and know what a record is but not how one is decided about.
//! - The fold ([`fold`]): what a stage has committed must be what its pure decision makes of its committed input,
//!   partition by partition, output and state alike. It shares the decision with the stage and nothing of what the
//!   runtime does with it, so whatever the runtime loses, repeats, tears or mixes shows.
//!
//! What asks the outside world is folded as far as it is determined: the enricher with its tables (not with an HTTP
//! source); of the delivery it is checked that each notification has exactly one receipt, that whoever receives it sees
//! one body an id, and that no receipt stands for nothing.

pub mod conservation;
pub mod fates;
pub mod fold;
mod held;
pub mod history;
pub mod outbox;
pub mod rows;
mod schemas;
pub mod stages;
pub mod story;
#[cfg(test)]
mod tests;
pub mod truth;
mod verdict;
mod witness;

pub use history::{History, Place};
pub use rows::Rows;
pub use schemas::OwnSchemas;
pub use verdict::{Finding, Verdict};
pub use witness::Witness;
