//! Logs, traces, metrics and health of a process.
//!
//! Labels of metrics are bounded by construction: service, reason, topic, and nothing that comes from data.

mod health;
mod logs;
mod metrics;
mod ops;
mod trace_context;
mod traces;

pub use health::{Component, ComponentState, Health, HealthReport};
pub use logs::{Guard, TelemetryError, init};
pub use metrics::{INSTRUMENTS, Instrument, Kind, Measure, Metrics, TransactionOutcome};
pub use ops::{Guesses, OpsAccess, ops_router};
pub use trace_context::TraceContext;
