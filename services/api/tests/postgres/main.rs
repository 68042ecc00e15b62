//! The API over a real PostgreSQL, a fresh database a test.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a failing test says so by panicking, and its output is its log"
)]

mod answers;
mod docs;
mod errors;
mod paging;
mod site;
