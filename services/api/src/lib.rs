//! Questions over HTTP, answered from PostgreSQL.
//!
//! It only reads. Answers are pages of JSON with a `next` link; errors are problem details (RFC 9457).

mod admission;
mod answer;
mod budget;
mod caller;
mod collections;
mod cursor;
mod entry;
mod filter;
mod key;
mod openapi;
mod page;
mod parameters;
mod pool;
mod problem;
mod refusals;
mod router;
mod walk;

pub use access::Caller;
pub use entry::Entry;
pub use pool::{ApiError, follow, pool, ready};
pub use refusals::counted;
pub use router::{for_hosts, router};
