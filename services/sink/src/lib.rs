//! Everything worth asking about, in PostgreSQL, with its offsets in the same transaction.
//!
//! Kafka's transactions end at Kafka. The sink is exactly-once in effect because rows and offsets are stored together
//! or not at all, and because every row has a key that the stream gave it.

#[cfg(feature = "bench")]
pub mod before;
mod connect;
mod copy;
mod cut;
mod drain;
mod evidence_seen;
mod flow;
mod input;
mod offsets;
mod online;
mod partitions;
mod retention;
mod rows;
mod schema;
mod storable;
mod tables;

pub use connect::{SinkError, connect, connect_by};
pub use drain::SinkDrain;
pub use flow::{TaskFlow, flow};
pub use input::SinkInput;
pub use partitions::{Change, changes};
pub use retention::{Done, maintain};
pub use schema::{migrate, migrations, revert};
