//! A hostile afternoon: `run all` as its users run it, a client with events to send, and beside it everything that
//! hostile and broken clients do, at once. Afterwards it is counted what the first client lost and waited.

mod attack;
mod attacks;
mod failure;
mod judge;
mod normal;
mod outside;
mod place;
mod report;
mod run;
mod strikes;

pub use attack::attack;
pub use failure::Failure;
pub use place::Targets;
pub use report::Report;
pub use run::{Options, run};
pub use strikes::Struck;
