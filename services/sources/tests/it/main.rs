//! Sources against stand-in servers and their evil twins, and against a real broker: what is polled is told once, whatever
//! becomes of who polls it.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a failing test says enough, with the states of its lanes before it"
)]

mod commands;
mod documented;
mod evil;
mod exactly_once;
mod feeds;
mod polling;
mod shared_data;
mod standin;
mod stream;
