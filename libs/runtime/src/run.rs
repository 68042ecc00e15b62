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

/// A lane that breaks this often within the time below is not helped by beginning anew.
const MOST_REBUILDS: usize = 20;
const REBUILD_WINDOW: Duration = Duration::from_mins(2);
const REBUILD_WAIT: Duration = Duration::from_millis(500);
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

/// Runs an effect, performing at most `concurrency` records at once on each lane.
pub fn run_effect<E: Effect>(
    shared: &Shared,
    name: StageName,
    effect: Arc<E>,
    concurrency: usize,
    handle: &Handle,
) -> std::io::Result<RunningStage> {
    let policy = commit_policy(
        &shared.kafka,
        (concurrency as u64).saturating_mul(16).clamp(64, 4_096),
    );
    let handle = handle.clone();
    spawn(shared, name, move |config| {
        let mut work = EffectWork::new(Arc::clone(&effect), config, concurrency.max(1), handle.clone());
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
    let mut rebuilds: Vec<Instant> = Vec::new();
    loop {
        config.report(&LaneState::Starting);
        let why = match run() {
            Ended::Stopped => {
                config.report(&LaneState::Stopped);
                return Ok(());
            }
            Ended::Rebuild(_) if config.stop.is_set() => {
                config.report(&LaneState::Stopped);
                return Ok(());
            }
            Ended::Rebuild(why) => why,
            Ended::Halted(why) => return Err(fail(config, why)),
        };
        rebuilds.retain(|at| at.elapsed() < REBUILD_WINDOW);
        rebuilds.push(Instant::now());
        if rebuilds.len() > MOST_REBUILDS {
            return Err(fail(
                config,
                format!("broke {MOST_REBUILDS} times within two minutes, at last: {why}"),
            ));
        }
        tracing::warn!(stage = %config.names.stage, lane = config.lane, why, "the lane begins anew");
        config.report(&LaneState::Waiting(why));
        std::thread::sleep(REBUILD_WAIT);
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
