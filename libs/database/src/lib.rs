//! One place that opens PostgreSQL: the address, TLS as the settings ask for it, and words for what goes wrong.
//!
//! It makes no connection by itself: who connects owns the pool and its limits.

mod explain;
mod options;
mod way;

pub use explain::explain;
pub use options::{DatabaseError, options};
pub use way::Way;
