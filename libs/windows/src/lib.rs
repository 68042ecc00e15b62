//! Windows over event time: counts, streaks. No clock, no I/O.
//!
//! A [`Sliding`] window keeps the recent events of one key, in the order of their own times, whatever
//! order they arrive in. An [`Alarm`] says when a count that stays high is news. Both keep what an event within the
//! allowed lateness may still change, so that the order of arrival changes nothing but what was told before.

mod alarm;
mod sliding;
#[cfg(test)]
mod tests;

pub use alarm::{Alarm, Reached, Until};
pub use sliding::{Bounds, Run, Sliding};
