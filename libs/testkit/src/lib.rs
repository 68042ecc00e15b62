//! Real Kafka, registry and PostgreSQL for tests.
//!
//! One set of servers serves a test run: [`parts`] starts it when it does not run yet. Each test takes a
//! [`Sandbox`] of its own, with fresh topic names and a fresh database, so that no test sees another and their
//! order does not matter. A test that kills, pauses or reconfigures servers takes [`OwnParts`], and a [`SecondBroker`]
//! where what one broker leads is to move to another. Without servers a test fails; it never passes for want of them.

mod authority;
mod database;
mod error;
mod names;
mod own_parts;
mod parts;
mod ports;
mod program;
mod sandbox;
mod schemas;
mod script;
mod second_broker;

use std::path::{Path, PathBuf};

pub use authority::{Authority, Identity};
pub use error::TestkitError;
pub use own_parts::{OwnParts, Part};
pub use parts::{Parts, parts};
pub use ports::free_ports;
pub use program::program;
pub use sandbox::Sandbox;
pub use schemas::{OwnSchemas, SCHEMA_IDS};
pub use second_broker::SecondBroker;

/// The folder of the repository, for tests that read files of it.
pub fn repository() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}
