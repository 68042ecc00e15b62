//! What a lane tells the rest of the process about itself.

use stage::FlowCounts;
use std::fmt;
use std::time::Duration;
use topology::StageName;

/// Where a lane stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LaneState {
    /// Connecting, joining its group, restoring its state.
    Starting,
    /// It takes records.
    Running {
        /// How many tasks it has.
        tasks: usize,
    },
    /// It cannot go on for now; it tries by itself.
    Waiting(String),
    /// It ended well.
    Stopped,
    /// It ended, and somebody must mend what this says.
    Failed(String),
}

impl fmt::Display for LaneState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Starting => f.write_str("starting"),
            Self::Running { tasks } => write!(f, "running {tasks} tasks"),
            Self::Waiting(why) => write!(f, "waiting: {why}"),
            Self::Stopped => f.write_str("stopped"),
            Self::Failed(why) => write!(f, "failed: {why}"),
        }
    }
}

/// One committed transaction.
#[derive(Debug)]
pub struct Committed<'a> {
    /// The stage.
    pub stage: StageName,
    /// What became of its records.
    pub counts: &'a FlowCounts,
    /// How long the commit took, from the last output to the broker's answer.
    pub took: Duration,
}

/// Whoever wants to know: health and metrics.
pub trait Observer: Send + Sync {
    /// A lane is somewhere else now.
    fn lane(&self, stage: StageName, lane: u16, state: &LaneState);
    /// A lane committed.
    fn committed(&self, committed: &Committed<'_>);
}
