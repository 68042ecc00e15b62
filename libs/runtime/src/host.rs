//! The clock, the threads and the channels of lanes: those of the standard library.

pub(crate) use std::sync::mpsc;
pub(crate) use std::thread;
pub(crate) use std::time::{Instant, SystemTime};
