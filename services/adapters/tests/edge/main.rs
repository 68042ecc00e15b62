//! The edge as its clients see it: a real server on TCP, an event log in memory.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test that cannot go on stops"
)]

mod bad_input;
mod bodies;
mod compatibility;
mod deliveries;
mod delivery;
mod guests;
mod rights;
mod server;
mod socket;
