//! From targets to running services: the only place that knows which crate is which service.

mod changes;
mod channels;
mod edge;
mod lag;
mod observer;
mod probes;
mod process;
mod reloads;
mod servers;
mod sources;
mod stages;
mod target;
mod threads;
mod upkeep;

pub(crate) use lag::{lag_of_sink, now};
pub(crate) use process::Process;
pub(crate) use stages::reach;
pub(crate) use target::Target;
