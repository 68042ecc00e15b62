//! A listener as its clients see it: real sockets, also those of clients that never finish anything.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on stops"
)]

mod half_open;
mod server;
mod stopping;
mod times;
mod tls;
mod upgrade;
