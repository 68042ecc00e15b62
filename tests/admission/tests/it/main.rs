//! The HTTP edge and the normalizer are fed the same hostile events. What the one answers with 202 is no dead letter of
//! the other; what the edge refuses is a dead letter for the same reason, or, for a time that has not come, corrected.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failing test says enough")]

mod both;
mod dialects;
mod hostile;
mod requests;
mod same_reason;
