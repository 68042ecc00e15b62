//! Starts the lanes of a stage, begins them anew when they break, and gathers how they ended.

use crate::commit_policy::CommitPolicy;
use crate::config::{LaneConfig, Shared, commit_policy};
use crate::drain::DrainLane;
use crate::fault::Fault;
use crate::lane::{Ended, Lane};
use crate::observer::LaneState;
use crate::work::{EffectWork, StageWork, Work};
use stage::{Drain, Effect, Stage};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use topology::StageName;

/// Between two beginnings of a lane: at first this, doubled while it breaks again, up to the second. A lane that ran for
/// longer than that is as good as new. It is never given up: what only a person can mend ends it at once.
const REBUILD_WAIT: Duration = Duration::from_millis(250);
const LONGEST_REBUILD_WAIT: Duration = Duration::from_secs(8);
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
        let mut work = StageWork::new(make(), config);
        again_and_again(config, || run_lane(config, &mut work, policy))
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
        let mut work = StageWork::new(make(), config);
        again_and_again(config, || run_lane(config, &mut work, policy))
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
        let mut work = EffectWork::new(Arc::clone(&effect), config, concurrency, handle.clone());
        again_and_again(config, || run_lane(config, &mut work, policy))
    })
}

/// Runs a store outside Kafka, one lane each of these.
pub fn run_drain<D: Drain>(
    shared: &Shared,
    name: StageName,
    drains: Vec<D>,
    handle: &Handle,
) -> std::io::Result<RunningStage> {
    let start = |(lane, mut drain): (u16, D)| {
        let (config, handle) = (LaneConfig::new(shared, name, lane), handle.clone());
        let run = move || {
            again_and_again(&config, || {
                match DrainLane::connect(&config, &mut drain, handle.clone()) {
                    Ok(lane) => lane.run(),
                    Err(fault) => of_fault(fault),
                }
            })
        };
        std::thread::Builder::new()
            .name(format!("{name}-{lane}"))
            .spawn(run)
    };
    let lanes = (0..).zip(drains).map(start).collect::<std::io::Result<_>>()?;
    Ok(RunningStage { lanes })
}

fn run_lane<W: Work>(config: &LaneConfig, work: &mut W, policy: CommitPolicy) -> Ended {
    match Lane::connect(config, work, policy) {
        Ok(lane) => lane.run(),
        Err(fault) => of_fault(fault),
    }
}

fn of_fault(fault: Fault) -> Ended {
    match fault.recovery {
        crate::fault::Recovery::Halt => Ended::Halted(fault.message),
        _ => Ended::Rebuild(fault.message),
    }
}

fn spawn(
    shared: &Shared,
    name: StageName,
    run: impl Fn(&LaneConfig) -> Result<(), StageFailed> + Send + Sync + 'static,
) -> std::io::Result<RunningStage> {
    let run = Arc::new(run);
    let start = |lane| {
        let (config, run) = (LaneConfig::new(shared, name, lane), Arc::clone(&run));
        std::thread::Builder::new()
            .name(format!("{name}-{lane}"))
            .spawn(move || run(&config))
    };
    let lanes = (0..shared.kafka.lanes)
        .map(start)
        .collect::<std::io::Result<_>>()?;
    Ok(RunningStage { lanes })
}

fn again_and_again(config: &LaneConfig, mut run: impl FnMut() -> Ended) -> Result<(), StageFailed> {
    let mut wait = REBUILD_WAIT;
    loop {
        config.report(&LaneState::Starting);
        let began = Instant::now();
        let why = match run() {
            Ended::Rebuild(why) if !config.stop.is_set() => why,
            Ended::Stopped | Ended::Rebuild(_) => {
                config.report(&LaneState::Stopped);
                return Ok(());
            }
            Ended::Halted(why) => return Err(fail(config, why)),
        };
        if began.elapsed() > LONGEST_REBUILD_WAIT {
            wait = REBUILD_WAIT;
        }
        tracing::warn!(stage = %config.names.stage, lane = config.lane, why, ?wait, "the lane begins anew");
        config.report(&LaneState::Waiting(why));
        config.stop.wait(wait);
        wait = (wait * 2).min(LONGEST_REBUILD_WAIT);
    }
}

fn fail(config: &LaneConfig, why: String) -> StageFailed {
    tracing::error!(stage = %config.names.stage, lane = config.lane, why, "the lane cannot go on");
    config.report(&LaneState::Failed(why.clone()));
    StageFailed {
        stage: config.names.stage,
        why,
    }
}
