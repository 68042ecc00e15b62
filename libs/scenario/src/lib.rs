//! Seeded streams with known truth. No Kafka, no clock, no I/O.

pub mod behaviour;
pub mod day;
