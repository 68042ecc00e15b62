//! A lane on a real broker.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a failing test says enough, with the states of its lane before it"
)]

mod clocks;
mod emptied;
mod exactly_once;
mod fairness;
mod growth;
mod harness;
mod quarantine;
mod rejected;
mod restore;
mod superseded;
mod timers;
