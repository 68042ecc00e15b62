//! Keeps a lane going: begins it anew when it breaks, and starts another when it no longer moves.

mod rival;

use crate::config::LaneConfig;
use crate::host::Instant;
use crate::lane::Ended;
use crate::observer::LaneState;
use crate::pulse::Pulse;
use crate::run::StageFailed;
use rival::Rival;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

/// Between two beginnings of a lane: at first this, doubled while it breaks again, up to the second. A lane that ran for
/// longer than that is as good as new. It is never given up for breaking: what only a person can mend ends it at once.
const REBUILD_WAIT: Duration = Duration::from_millis(250);
const LONGEST_REBUILD_WAIT: Duration = Duration::from_secs(8);
/// The least silence that is too long.
const LEAST_SILENCE: Duration = Duration::from_secs(90);
/// Between two beats of a drain are at most three transactional calls, each with its grace; see `transactor`.
const CALLS: u32 = 4;
/// A member that another one with its id fences hears of it within so many sessions.
const SESSIONS: u32 = 3;
/// How often the silence is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// How long a lane may be silent whose transactional calls may take this long: every call that has an end has it sooner.
pub(crate) fn longest_silence(limit: Duration) -> Duration {
    limit.saturating_mul(CALLS).max(LEAST_SILENCE)
}

/// What a lane does from its start to its end.
pub(crate) type Run = dyn Fn(&LaneConfig) -> Result<(), StageFailed> + Send + Sync;

/// Runs the lane on a thread of its own; one that is silent for longer than `longest` is left to itself, and another is
/// started in its place.
pub(crate) fn keep(config: &LaneConfig, run: &Arc<Run>, longest: Duration) -> Result<(), StageFailed> {
    loop {
        let lane = config.with(Pulse::new());
        let pulse = lane.pulse.clone();
        let (tell, told) = mpsc::channel();
        let run = Arc::clone(run);
        let thread = std::thread::Builder::new()
            .name(format!("{}-{}", config.names.stage, config.lane))
            .spawn(move || {
                let _ = tell.send(run(&lane));
            });
        let thread = thread.map_err(|error| fail(config, format!("a thread cannot be started: {error}")))?;
        match end_of(&told, &pulse, longest) {
            Some(Ok(ended)) => return ended,
            Some(Err(_)) => match thread.join() {
                Err(panic) => std::panic::resume_unwind(panic),
                Ok(()) => return Err(fail(config, "the lane ended without a word".to_owned())),
            },
            None => {
                pulse.give_up();
                let why = format!(
                    "the client has not returned for {longest:?}: another lane takes the place of this one"
                );
                tracing::error!(stage = %config.names.stage, lane = config.lane, why);
                config.report(&LaneState::Waiting(why));
            }
        }
    }
}

/// How the lane ended; `None` where it was silent for too long.
fn end_of<T>(told: &Receiver<T>, pulse: &Pulse, longest: Duration) -> Option<Result<T, RecvTimeoutError>> {
    loop {
        match told.recv_timeout(LOOK.min(longest)) {
            Err(RecvTimeoutError::Timeout) if pulse.silence() <= longest => {}
            Err(RecvTimeoutError::Timeout) => return None,
            ended => return Some(ended),
        }
    }
}

/// Begins a lane, and begins it anew as often as it breaks.
pub(crate) fn again_and_again(
    config: &LaneConfig,
    mut run: impl FnMut() -> Ended,
) -> Result<(), StageFailed> {
    let mut wait = REBUILD_WAIT;
    let mut rival = Rival::new(config.session * SESSIONS, config.limit);
    while config.pulse.beat().is_ok() {
        config.report(&LaneState::Starting);
        let began = Instant::now();
        let fault = match run() {
            Ended::Rebuild(_) if config.pulse.is_given_up() => break,
            Ended::Rebuild(fault) if !config.stop.is_set() => fault,
            Ended::Stopped | Ended::Rebuild(_) => {
                config.report(&LaneState::Stopped);
                return Ok(());
            }
            Ended::Halted(why) => return Err(fail(config, why)),
        };
        if rival.ended(fault.fenced, began.elapsed()) {
            return Err(fail(config, same_id(config, &fault.message)));
        }
        if began.elapsed() > LONGEST_REBUILD_WAIT {
            wait = REBUILD_WAIT;
        }
        let why = fault.message;
        tracing::warn!(stage = %config.names.stage, lane = config.lane, why, ?wait, "the lane begins anew");
        config.report(&LaneState::Waiting(why));
        config.stop.wait(wait);
        wait = (wait * 2).min(LONGEST_REBUILD_WAIT);
    }
    // Another lane has taken the place of this one.
    Ok(())
}

fn same_id(config: &LaneConfig, why: &str) -> String {
    let id = config.consumer.get("group.instance.id").unwrap_or_default();
    format!(
        "another process took the place of this one three times in a row ({why}): it runs with the same id {id}; to mend: \
         give each process an `instance_id` of its own"
    )
}

fn fail(config: &LaneConfig, why: String) -> StageFailed {
    tracing::error!(stage = %config.names.stage, lane = config.lane, why, "the lane cannot go on");
    config.report(&LaneState::Failed(why.clone()));
    StageFailed {
        stage: config.names.stage,
        why,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observer::{Committed, Observer};
    use crate::{Shared, Stop};
    use model::{SchemaIds, SchemaLookup, SchemaSource};
    use settings::{DeadLetterSettings, KafkaSettings};
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicU32, Ordering};
    use topology::{Prefix, Schema, StageName};

    const LONG: Duration = Duration::from_hours(1);
    const SHORT: Duration = Duration::from_millis(500);

    struct NoSchemas;

    impl SchemaSource for NoSchemas {
        fn schema(&self, _: u32) -> SchemaLookup {
            SchemaLookup::Unknown(String::new())
        }
    }

    #[derive(Default)]
    struct Heard(Mutex<Vec<LaneState>>);

    impl Observer for Heard {
        fn lane(&self, _: StageName, _: u16, state: &LaneState) {
            self.0.lock().unwrap().push(state.clone());
        }

        fn committed(&self, _: &Committed<'_>) {}
    }

    fn lane(observer: &Arc<Heard>) -> LaneConfig {
        let shared = Shared {
            kafka: KafkaSettings::default(),
            dead_letters: DeadLetterSettings::default(),
            prefix: Prefix::new(String::new()),
            instance: "one".to_owned(),
            ids: SchemaIds([0; Schema::ALL.len()]),
            schemas: Arc::new(NoSchemas),
            observer: Arc::<Heard>::clone(observer),
            stop: Stop::default(),
        };
        LaneConfig::new(&shared, StageName::Scorer, 0)
    }

    #[test]
    fn who_waits_long_for_the_broker_is_not_taken_for_a_lane_that_hangs() {
        let second = Duration::from_secs(1);
        assert_eq!(longest_silence(9 * second), 90 * second);
        let (limit, grace) = (300 * second, 2 * second);
        assert!(longest_silence(limit) > 3 * (limit + grace));
    }

    #[test]
    fn a_lane_that_has_ended_is_not_started_again() {
        let starts = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&starts);
        let run: Arc<Run> = Arc::new(move |_: &LaneConfig| {
            counted.fetch_add(1, Ordering::Relaxed);
            Ok(())
        });
        keep(&lane(&Arc::default()), &run, LONG).unwrap();
        assert_eq!(starts.load(Ordering::Relaxed), 1);
    }

    /// The first lane stands still, is replaced, and says nothing more when it moves again.
    #[test]
    fn a_lane_that_is_silent_is_replaced_and_heard_no_more() {
        let (heard, starts) = (Arc::<Heard>::default(), Arc::new(AtomicU32::new(0)));
        let (counted, runs, ended) = (Arc::clone(&starts), Stop::default(), Stop::default());
        let run: Arc<Run> = Arc::new(move |lane: &LaneConfig| {
            if counted.fetch_add(1, Ordering::Relaxed) > 0 {
                runs.set();
                while !ended.is_set() {
                    lane.pulse.beat().unwrap();
                    std::thread::yield_now();
                }
                return Ok(());
            }
            runs.wait(LONG);
            let outcome = again_and_again(lane, || match lane.pulse.beat() {
                Ok(()) => Ended::Stopped,
                Err(fault) => Ended::Rebuild(fault),
            });
            ended.set();
            outcome
        });
        keep(&lane(&heard), &run, SHORT).unwrap();
        assert_eq!(starts.load(Ordering::Relaxed), 2);
        let heard = heard.0.lock().unwrap();
        assert!(
            matches!(heard.as_slice(), [LaneState::Waiting(why)] if why.contains("has not returned")),
            "{heard:?}"
        );
    }

    #[test]
    fn a_lane_that_panics_ends_as_a_panic() {
        let run: Arc<Run> = Arc::new(|_: &LaneConfig| panic!("on purpose"));
        let kept = std::thread::spawn(move || keep(&lane(&Arc::default()), &run, LONG));
        assert!(kept.join().is_err());
    }
}
