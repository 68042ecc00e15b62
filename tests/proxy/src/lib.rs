//! A TCP proxy for tests: what networks do to connections, on command.
//!
//! [`Proxy`] listens on a port, passes everything on to an upstream, and cuts, resets, refuses, delays or pauses when
//! told to. In front of Kafka it also reads the head of each request, counts them by API key, and can hold one request
//! together with its connection ([`Proxy::hold_next`]): a request that arrives much later than its sender believes is
//! what exactly-once protocols are tested with.
//!
//! The proxy works on a thread of its own, so a test that blocks does not stop it.

mod connection;
mod gate;
mod hold;
mod proxy;
mod request;
mod rules;

pub use hold::{Hold, HoldError};
pub use proxy::{Proxy, Speaks};
pub use request::{ApiKey, Request};
