//! Starts the lanes of a stage, and gathers how they ended.

use crate::commit_policy::CommitPolicy;
use crate::config::{LaneConfig, Shared, commit_policy};
use crate::drain::DrainLane;
use crate::fault::Fault;
use crate::kafka::{Kafka, Librdkafka};
use crate::keeper::{Run, again_and_again, keep, longest_silence};
use crate::lane::{Ended, Kept, Lane};
use crate::work::{EffectWork, StageWork, Work};
use stage::{Drain, Effect, Stage};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use tokio::runtime::Handle;
use topology::StageName;

const MOST_RECORDS: u64 = 20_000;

/// Why a stage ended that was not asked to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{stage}: {why}")]
pub struct StageFailed {
    /// The stage.
    pub stage: StageName,
    /// What somebody must mend.
    pub why: String,
}

/// A stage that runs.
pub struct RunningStage {
    lanes: Vec<JoinHandle<Result<(), StageFailed>>>,
}

impl RunningStage {
    /// Whether a lane has ended, well or not.
    pub fn has_ended(&self) -> bool {
        self.lanes.iter().any(JoinHandle::is_finished)
    }

    /// Waits for every lane; the first failure is returned.
    pub fn join(self) -> Result<(), StageFailed> {
        let ended = self.lanes.into_iter().map(|lane| match lane.join() {
            Ok(ended) => ended,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        ended.fold(Ok(()), Result::and)
    }
}

/// Runs a stage on as many lanes as the configuration says; `make` makes the stage of one lane.
pub fn run_stage<S, M>(shared: &Shared, name: StageName, make: M) -> std::io::Result<RunningStage>
where
    S: Stage + 'static,
    M: Fn() -> S + Send + Sync + 'static,
{
    let policy = commit_policy(&shared.kafka, MOST_RECORDS);
    spawn(shared, name, move |config| {
        let work = StageWork::new(make(), config);
        run_lane::<_, Librdkafka>(config, work, policy)
    })
}

/// Runs a stage without transactions, at least once: for the bench, which shows by it what transactions cost.
#[cfg(feature = "bench")]
pub fn run_stage_at_least_once<S, M>(
    shared: &Shared,
    name: StageName,
    make: M,
) -> std::io::Result<RunningStage>
where
    S: Stage + 'static,
    M: Fn() -> S + Send + Sync + 'static,
{
    let policy = commit_policy(&shared.kafka, MOST_RECORDS);
    spawn(shared, name, move |config| {
        let config = &config.at_least_once();
        let work = StageWork::new(make(), config);
        run_lane::<_, Librdkafka>(config, work, policy)
    })
}

/// Runs an effect, performing at most `concurrency` records at once on each lane.
pub fn run_effect<E: Effect>(
    shared: &Shared,
    name: StageName,
    effect: Arc<E>,
    concurrency: usize,
    handle: &Handle,
) -> std::io::Result<RunningStage> {
    let policy = commit_policy(&shared.kafka, MOST_RECORDS);
    let handle = handle.clone();
    spawn(shared, name, move |config| {
        let work = EffectWork::new(Arc::clone(&effect), config, concurrency, handle.clone());
        run_lane::<_, Librdkafka>(config, work, policy)
    })
}

/// Runs a store outside Kafka, one lane each of these.
pub fn run_drain<D: Drain>(
    shared: &Shared,
    name: StageName,
    drains: Vec<D>,
    handle: &Handle,
) -> std::io::Result<RunningStage> {
    let run_of = |drain: D| -> Arc<Run> {
        let (drain, handle) = (Mutex::new(drain), handle.clone());
        Arc::new(move |config| {
            let mut drain = drain.lock().unwrap_or_else(PoisonError::into_inner).another();
            again_and_again(config, || {
                match DrainLane::connect(config, &mut drain, handle.clone()) {
                    Ok(lane) => lane.run(),
                    Err(fault) => of_fault(fault),
                }
            })
        })
    };
    let lanes = (0..).zip(drains.into_iter().map(run_of));
    start(lanes.map(|(lane, run)| (LaneConfig::new(shared, name, lane), run)))
}

/// All lives of a lane; what one keeps is the next one's.
pub(crate) fn run_lane<W: Work<K>, K: Kafka>(
    config: &LaneConfig,
    mut work: W,
    policy: CommitPolicy,
) -> Result<(), StageFailed> {
    let kept = Kept::default();
    again_and_again(config, || {
        match Lane::<W, K>::connect(config, &mut work, policy, kept.clone()) {
            Ok(lane) => lane.run(),
            Err(fault) => of_fault(fault),
        }
    })
}

fn of_fault(fault: Fault) -> Ended {
    match fault.recovery {
        crate::fault::Recovery::Halt => Ended::Halted(fault.message),
        _ => Ended::Rebuild(fault),
    }
}

fn spawn(
    shared: &Shared,
    name: StageName,
    run: impl Fn(&LaneConfig) -> Result<(), StageFailed> + Send + Sync + 'static,
) -> std::io::Result<RunningStage> {
    let run: Arc<Run> = Arc::new(run);
    let lanes = 0..shared.kafka.lanes;
    start(lanes.map(|lane| (LaneConfig::new(shared, name, lane), Arc::clone(&run))))
}

fn start(lanes: impl Iterator<Item = (LaneConfig, Arc<Run>)>) -> std::io::Result<RunningStage> {
    let start = |(config, run): (LaneConfig, Arc<Run>)| {
        std::thread::Builder::new()
            .name(format!("{}-{}-keeper", config.names.stage, config.lane))
            .spawn(move || keep(&config, &run, longest_silence(config.limit)))
    };
    let lanes = lanes.map(start).collect::<std::io::Result<_>>()?;
    Ok(RunningStage { lanes })
}
