//! The edge: other people's dialects become raw events on the ingest topic.
//!
//! A request goes through four steps: `edge` lets it in (key, rate, size), `dialects` reads it, `admit` holds every
//! event to the same limits, `publish` waits until the events are acknowledged. Nothing behind knows a dialect.

mod admit;
mod answer;
mod deliveries;
mod dialects;
mod edge;
mod ingest;
mod json;
mod limits;
mod mute;
mod own;
mod problem;
mod publish;
mod rejection;
mod tally;
mod webhooks;

pub use dialects::{Dialect, Incoming, Item, Reading, Route, read};
pub use edge::Paths;
pub use ingest::{Ingest, IngestError, Outgoing};
pub use limits::Limits;
pub use problem::Problem;
pub use rejection::Rejection;
pub use tally::{Count, Counts, Tally};
pub use webhooks::{WebhookError, Webhooks};
