//! What a stage does when something around it breaks, on real brokers; docs/FAULTS.md says the same in words.
//!
//! Each test breaks one thing, sees what the lane says of itself, mends it, and compares what was committed with the
//! fold of the input: nothing lost, nothing twice, nothing of an aborted transaction.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a failing test says enough, with the states of its lane before it"
)]

mod access;
mod broker;
mod coordinator;
mod delayed_end_txn;
mod drains;
mod group;
mod logins;
mod place;
mod provider;
mod registry;
mod tally;
mod topics;
mod watcher;
