//! The attackers' side of an afternoon: what the program `attackers` does until it is told to stop.

use crate::attacks::{self, Afternoon, Flood};
use crate::failure::Failure;
use crate::place::Targets;
use crate::strikes::Strikes;
use serde_json::Value;
use std::io::Read;
use std::sync::Arc;
use tokio::runtime::Runtime;
use tokio::sync::watch;

/// The lowest there is among threads that are not idle ones.
const NICE: i32 = 19;
/// More than all attackers hold at once.
const DESCRIPTORS: u64 = 16_384;

/// Attacks until the standard input ends; gives the strikes of each kind.
///
/// # Errors
/// The threads cannot be started, or the broker does not take what a hostile producer sends.
pub fn attack(targets: &Targets, under_way: impl Fn()) -> Result<Value, Failure> {
    let _ = rlimit::increase_nofile_limit(DESCRIPTORS);
    let flood = threads()?.block_on(Flood::prepare(&targets.settings))?;
    step_back();
    let threads = threads()?;
    let strikes = threads.block_on(until_told(targets, &flood, under_way));
    threads.shutdown_background();
    Ok(strikes)
}

/// Takes the lowest priority there is. Linux weighs the processes of a session against each other, and sessions against
/// each other whatever is in them (`sched(7)`, "The autogroup feature"): without a session of their own, attackers would
/// have the weight of the program that they attack against the broker and the database. Whoever may not do this attacks
/// at the priority of everybody, which is only harder. Threads inherit it.
fn step_back() {
    let _ = rustix::process::setsid();
    let _ = std::fs::write("/proc/self/autogroup", NICE.to_string());
    let _ = rustix::process::setpriority_process(None, NICE);
}

fn threads() -> Result<Runtime, Failure> {
    Runtime::new().map_err(|error| Failure::Attackers(error.to_string()))
}

async fn until_told(targets: &Targets, flood: &Flood, under_way: impl Fn()) -> Value {
    let (tell, over) = watch::channel(false);
    let strikes = Arc::<Strikes>::default();
    let mut attacks = attacks::begin(targets, flood, &Afternoon::new(over, Arc::clone(&strikes)));
    under_way();
    // Whatever comes, and whoever closes it.
    let _ = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await;
    let counted = strikes.counts();
    tell.send_replace(true);
    while attacks.join_next().await.is_some() {}
    counted
}
