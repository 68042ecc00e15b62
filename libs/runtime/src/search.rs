//! The shell of a lane under a search: seeded runs of whole lanes, as they stand, against a simulated broker.
//!
//! Everything above [`crate::kafka`] and [`crate::host`] is the production code: lanes with their restores, outboxes and
//! stages, and whoever begins them anew. A seed decides which thread goes on, what is on its way for how long, which calls
//! fail and whether they took effect, and what happens to processes, members and brokers. At the end what readers see
//! must be the fold of the input ([`oracle`]): nothing lost, nothing twice, counts and state to match; and no lane may
//! have failed, be restoring still, or have gone in circles.
//!
//! A search that cannot fail proves nothing. `just mutations` puts each of these breakages into the code and sees that the
//! search finds it:
//!
//! - a restore ends at the first end that is told: `lane/restore/coverage.rs`: `if source.read || position < source.wanted {` → `if source.read {`
//! - a changelog that was made anew is accepted: `lane/extents.rs`: `(found.end < expected.end || found.begin > expected.begin)` → `found.begin > expected.begin`
//! - a changelog that was cut is accepted: `lane/extents.rs`: `(found.end < expected.end || found.begin > expected.begin)` → `found.end < expected.end`
//! - what ends at once goes into one transaction: `lane/writing.rs`: `store.expire(expired);` → `store.expire(usize::MAX);`
//! - a task that cannot go on ends its lane: `lane.rs`: `(Some(task), Recovery::Halt) => vec![Event::Quarantine(task), Event::Failed(Recovery::Abort)],` → `(Some(_), Recovery::Halt) => vec![Event::Failed(Recovery::Halt)],`
//! - a task that cannot be restored holds up those beside it: `lane/restore.rs`: `let Some(quarantined) = fault.quarantines() else {` → `let Some(quarantined) = fault.quarantines().filter(|_| false) else {`
//! - aborts are not followed by a rest: `protocol.rs`: `if !rest.is_zero() {` → `if false {`
//! - a commit of others ends the row of aborts: `protocol.rs`: `let past_rest = self.aborted_at.saturating_add(backoff(self.aborts) * 2);` → `let past_rest = Moment::ZERO;`
//! - a restore goes on without its task: `lane.rs`: `self.restorer.let_go(tasks);` → `{}`
//! - a value that makes its reader panic is passed over: `lane/restore/sources.rs`: `whole.map_err(|_| panicked().of_task(task.task))?;` → `let _ = whole;`
//! - a record that makes the stage panic keeps its changes: `work/stage.rs`: `take_back(&mut running.stores);` → `{}`
//! - a record whose output is too large keeps its changes: `work.rs`: `::stage::take_back(&mut running.stores);` → `{}`
//! - a transaction that begins dispels the doubt: `lane/transactor.rs`: `begun.map_err(|error| error.fault("beginning a transaction"))` → `{ self.producer.deliveries().doubt.store(false, Ordering::Release); begun.map_err(|error| error.fault("")) }`
//! - a producer is not doubted at all: `lane/transactor.rs`: `self.producer.deliveries().doubt.load(Ordering::Acquire)` → `false`
//! - two processes with one id fence each other for ever: `keeper/rival.rs`: `self.fenced >= ENDS` → `false`
//! - the clock of stores follows any record: `work/times.rs`: `let clock = bounded(time, written.unwrap_or_else(wall));` → `let clock = time;`
//! - a call that never returns is waited for: `stop.rs`: `(now >= self.deadline).then_some(WaitEnd::TimedOut)` → `None`
//! - after an abort the next records come first: `lane/writing.rs`: `self.intake.rewind(&again)?;` → `{}`
//! - a partition that is nobody's stays so: `lane/census.rs`: `self.looked.elapsed() >= EVERY` → `false`

mod broker;
mod consumer;
mod dice;
mod group;
pub(crate) mod host;
mod log;
mod oracle;
mod producer;
pub(crate) mod schedule;
mod stage;
mod story;
mod world;

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// How long each thread of the search goes on in `just test`.
const SEARCH: Duration = Duration::from_mins(1);
const THREADS: u64 = 2;

/// A number from the environment.
fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// `just shell` says how many seeds, and from which on.
#[test]
fn every_seed_comes_to_the_fold_of_its_input() {
    let from = number("SHELL_FROM").unwrap_or(1);
    let seeds = number("SHELL_SEEDS");
    let (next, turns, began) = (AtomicU64::new(0), AtomicU64::new(0), Instant::now());
    let (runs, broken) = (AtomicU64::new(0), OnceLock::new());
    let search = || {
        while broken.get().is_none() {
            let run = next.fetch_add(1, Ordering::Relaxed);
            if !seeds.map_or(began.elapsed() < SEARCH, |seeds| run < seeds) {
                return;
            }
            match story::run(from + run) {
                Ok(took) => turns.fetch_add(took, Ordering::Relaxed),
                Err(why) => return drop(broken.set(why)),
            };
            runs.fetch_add(1, Ordering::Relaxed);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(search);
        }
    });
    if let Some(why) = broken.get() {
        panic!("{why}");
    }
    let (runs, turns, took) = (runs.into_inner(), turns.into_inner(), began.elapsed());
    eprintln!(
        "{runs} runs from seed {from} in {took:.1?}, {} turns a run",
        turns / runs.max(1)
    );
}

/// More keys end at once than a transaction has time for. The bound is that of one commit, for all tasks of a lane.
#[test]
fn what_ends_at_once_is_spread_over_transactions() {
    let largest = story::run_expiry(40_000).unwrap_or_else(|why| panic!("{why}"));
    assert!(
        (10_000..18_000).contains(&largest),
        "a transaction of {largest} records"
    );
}
