//! What stands in `deploy/`, as its users run it.
#![expect(clippy::unwrap_used, reason = "a failing test says enough")]

mod alerts;
mod chart;
mod dashboards;
mod image;
mod tools;
