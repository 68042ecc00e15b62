//! The clock, the threads and the channels of lanes: those of the standard library. The search of the shell
//! (`crate::search`) puts others in their place, which a seed decides; outside of a search they are the same in tests
//! too.

#[cfg(not(test))]
mod standard {
    pub(crate) use std::sync::mpsc;
    pub(crate) use std::thread;
    pub(crate) use std::time::{Instant, SystemTime};
}

#[cfg(not(test))]
pub(crate) use standard::{Instant, SystemTime, mpsc, thread};

#[cfg(test)]
pub(crate) use crate::search::host::{Instant, SystemTime, mpsc, thread};
