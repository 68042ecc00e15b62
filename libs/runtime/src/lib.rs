//! The exactly-once runner, and the only crate that speaks to Kafka.
