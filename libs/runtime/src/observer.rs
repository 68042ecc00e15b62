//! What a lane tells the rest of the process about itself.

use model::Fault;
use stage::{FlowCounts, Sender};
use std::collections::BTreeMap;
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
    /// It takes records of some tasks, or of none yet, while the state of others is read from changelogs.
    Restoring {
        /// How many tasks run already.
        tasks: usize,
        /// How far it is.
        progress: RestoreProgress,
    },
    /// It cannot go on for now; it tries by itself.
    Waiting(String),
    /// It takes records of some tasks; others are quarantined until a person has mended what their reasons say.
    Degraded {
        /// How many tasks run.
        tasks: usize,
        /// Which do not, and why.
        quarantined: Vec<String>,
    },
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
            Self::Restoring { tasks, progress } => write!(f, "restoring {progress}; {tasks} tasks run"),
            Self::Waiting(why) => write!(f, "waiting: {why}"),
            Self::Degraded { tasks, quarantined } => {
                write!(
                    f,
                    "degraded: {tasks} tasks run, {} quarantined: ",
                    quarantined.len()
                )?;
                f.write_str(&quarantined.join("; "))
            }
            Self::Stopped => f.write_str("stopped"),
            Self::Failed(why) => write!(f, "failed: {why}"),
        }
    }
}

/// How far a restore is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestoreProgress {
    /// Records read.
    pub read: u64,
    /// Records to be read, at most: compaction may have left fewer.
    pub of: u64,
    /// How long it has been going on.
    pub took: Duration,
}

impl RestoreProgress {
    /// Records a second so far.
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    pub fn rate(&self) -> f64 {
        self.read as f64 / self.took.as_secs_f64().max(1e-3)
    }

    /// How long the rest takes at this rate, at most; `None` before the first record.
    #[expect(clippy::cast_precision_loss, reason = "an estimate for people")]
    pub fn left(&self) -> Option<Duration> {
        let left = self.of.saturating_sub(self.read) as f64 / self.rate();
        Duration::try_from_secs_f64(left).ok()
    }
}

impl fmt::Display for RestoreProgress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} records, {:.0}/s", self.read, self.of, self.rate())?;
        match self.left() {
            Some(left) => write!(f, ", {:.0} s left", left.as_secs_f64()),
            None => Ok(()),
        }
    }
}

/// What a dead letter is counted by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Death {
    /// Why the record died.
    pub reason: &'static str,
    /// Whose fault it is.
    pub fault: Fault,
    /// Who sent it, as far as that can be read.
    pub sender: Sender,
}

/// Dead letters, by what they are counted by.
pub type Deaths = BTreeMap<Death, u64>;

/// One committed transaction.
#[derive(Debug)]
pub struct Committed<'a> {
    /// The stage.
    pub stage: StageName,
    /// What became of its records.
    pub counts: &'a FlowCounts,
    /// Its dead letters, by whose they are; each is in the counts too.
    pub deaths: &'a Deaths,
    /// How long the commit took, from the last output to the broker's answer.
    pub took: Duration,
}

/// Whoever wants to know: health and metrics.
pub trait Observer: Send + Sync {
    /// A lane is somewhere else now.
    fn lane(&self, stage: StageName, lane: u16, state: &LaneState);
    /// A lane committed.
    fn committed(&self, committed: &Committed<'_>);
    /// A transaction of a lane was aborted because of this.
    fn aborted(&self, _stage: StageName, _why: &str) {}
}
