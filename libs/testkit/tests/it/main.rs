//! Tests over real servers, and over the files that describe them.
#![expect(clippy::unwrap_used, reason = "a failing test says enough")]

mod compose;
mod servers;
