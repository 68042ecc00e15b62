//! Configuration of every part: defaults ◀ YAML file ◀ `SLUICEBOX__SECTION__KEY` environment.
//!
//! Everything is checked before a socket opens, all problems at once, each with the mending.
//! [`Watched`] keeps rule, table and template files fresh while a process runs.

mod environment;
mod load;
mod problem;
mod render;
mod secret;
mod secret_files;
mod sections;
mod shape;
mod watched;

pub use load::process_environment;
pub use problem::{Problem, SettingsError};
pub use secret::{Secret, Secrets};
pub use sections::*;
pub use watched::{CachedReader, LOOK, WatchError, WatchStatus, Watched, texts};
