//! What the tests of `deploy/` share: a Dockerfile read into its steps, so that they can be taken without Docker,
//! and the metrics that a query names.

mod dockerfile;
mod series;

pub use dockerfile::{Instruction, Stage, stages};
pub use series::series_in;
