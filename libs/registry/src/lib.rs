//! The schema registry: ask once per schema and id, then remember.
//!
//! Any registry with Confluent's API. One that is away at the start is waited for; one that goes away later harms
//! nothing that is already known.

mod cache;
mod client;
mod error;
mod registry;
mod schemas;

pub use error::RegistryError;
pub use registry::{Registry, subject};
pub use schemas::Impatient;
