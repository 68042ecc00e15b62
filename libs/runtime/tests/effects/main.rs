//! Effects on a real broker: what is slow, tried again, killed or moved is done, in the order of its key.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a failing test says enough, with the states of its lane before it"
)]

mod killed;
mod memory;
mod order;
mod registry;
mod retries;
mod slow;
mod stream;
mod watcher;
mod world;
