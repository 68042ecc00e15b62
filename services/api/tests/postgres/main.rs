//! The API over a real PostgreSQL, a fresh database a test.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a failing test says so by panicking"
)]

mod access;
mod answers;
mod docs;
mod errors;
mod limits;
mod paging;
mod site;
