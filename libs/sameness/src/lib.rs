//! When two things are the same: exact keys, near texts. No I/O, no clock, no state.

mod comparable;
mod exact;
mod sketch;

pub use exact::IdempotencyKey;
pub use sketch::{Sketch, similarity};
