//! The stage, driven without Kafka.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "an unexpected outcome ends a test; a skipped one says so"
)]

mod filters;
mod records;
mod shared_data;
