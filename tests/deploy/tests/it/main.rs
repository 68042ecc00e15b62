//! What stands in `deploy/`, as its users run it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failing test says enough")]

mod alerts;
mod chart;
mod dashboards;
mod image;
mod tools;
