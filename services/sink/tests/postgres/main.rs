//! The sink against a real PostgreSQL, a fresh database a test.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a failing test says so by panicking, and its output is its log"
)]

mod batches;
mod database;
mod exactly_once;
mod hostile;
mod migrations;
mod months;
mod newest;
mod online;
mod retention;
mod speed;
mod stories;
