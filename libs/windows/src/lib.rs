//! Windows over event time: counts, streaks, aggregates, sequences. No clock, no I/O.
//!
//! - [`Windows`] counts the events of one key in windows that tumble, hop, slide, follow sessions or take so many events.
//!   A [`Plan`] says which, and which [`Aggregate`]s are computed. An event is counted once, in a pane that overlapping
//!   windows share, and forgotten; what is kept grows with the windows that are open.
//! - A [`Sliding`] window keeps the recent events of one key themselves, for exact counts and for streaks, in the order of
//!   their own times. An [`Alarm`] says when a count that stays high is news.
//! - A [`Sequence`] finds one thing after another; a [`Baseline`] learns what is usual for a number, and [`Rare`] which
//!   values a key has. An [`Alert`] says when a condition that holds is news: for so long, not too often, and when it is
//!   over.
//!
//! All keep what an event within the allowed lateness may still change, so that the order of arrival changes nothing but
//! what was told before. What is serialised is what a changelog holds: the same events give the same bytes everywhere.

mod aggregate;
mod alarm;
mod alert;
mod baseline;
mod batch;
mod distinct;
mod panes;
mod plan;
mod quantiles;
mod rare;
#[cfg(test)]
mod reference;
mod sequence;
mod sessions;
mod shape;
mod sliding;
#[cfg(test)]
mod tests;
mod top;
mod windows;

pub use aggregate::{Aggregate, Input, Outcome};
pub use alarm::{Alarm, Reached, Until};
pub use alert::{Alert, News, Policy};
pub use baseline::{Baseline, Habit, Judged, Prediction};
pub use batch::Batch;
pub use distinct::Distinct;
pub use panes::Panes;
pub use plan::{Added, Closed, Plan};
pub use quantiles::Quantiles;
pub use rare::{Rare, Rarity, Sight};
pub use sequence::{Chain, ENDS, MOST_STEPS, Order, Roles, Sequence, TooLate};
pub use sessions::Sessions;
pub use shape::{BadShape, MOST_PANES, Shape};
pub use sliding::{Bounds, Run, Sliding};
pub use top::Top;
pub use windows::Windows;
