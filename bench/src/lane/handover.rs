//! How long records wait when a process dies, stops or is started anew.

use super::crew::{Crew, now};
use super::figures::Figures;
use crate::driver::Broker;
use crate::{median, say};
use anyhow::Result;
use std::collections::BTreeSet;
use std::time::Instant;

const PARTITIONS: i32 = 4;
const RATE: u32 = 1_000;
const LEAVER: &str = "leaver";

pub(super) fn measure(broker: &Broker, runs: u32, figures: &mut Figures) -> Result<()> {
    let mut crew = Crew::new(broker, "handover", PARTITIONS, RATE)?;
    crew.join("stayer")?;
    let (mut recovered, mut stopped, mut taken, mut restarted) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    say("");
    for run in 1..=runs {
        let recovery = killed(&mut crew)?;
        let (stop, restart) = stopped_and_started(&mut crew)?;
        let takeover = stopped_for_good(&mut crew)?;
        say(format_args!(
            "run {run} of {runs}: killed, elsewhere after {recovery:.2} s; stopped within {stop:.2} s, back after \
             {restart:.2} s, or elsewhere after {takeover:.2} s"
        ));
        recovered.push(recovery);
        stopped.push(stop);
        restarted.push(restart);
        taken.push(takeover);
    }
    figures.note("recovery_s", median(recovered));
    figures.note("graceful_s", median(stopped));
    figures.note("restart_s", median(restarted));
    figures.note("takeover_after_stop_s", median(taken));
    Ok(())
}

/// Seconds from SIGKILL until a record of one of its partitions comes from elsewhere.
fn killed(crew: &mut Crew) -> Result<f64> {
    let theirs = share(crew)?;
    let began = Instant::now();
    crew.kill(LEAVER)?;
    crew.until(|written| theirs.contains(&written.partition) && written.by != LEAVER)?;
    Ok(began.elapsed().as_secs_f64())
}

/// Seconds until it has stopped, and until a record of one of its partitions comes from it again once it was started.
fn stopped_and_started(crew: &mut Crew) -> Result<(f64, f64)> {
    let theirs = share(crew)?;
    let began = Instant::now();
    crew.stop(LEAVER)?;
    let (stopped, ended) = (began.elapsed().as_secs_f64(), now());
    crew.join(LEAVER)?;
    crew.until(|written| theirs.contains(&written.partition) && written.at > ended)?;
    Ok((stopped, began.elapsed().as_secs_f64()))
}

/// Seconds from the wish to stop until a record of one of its partitions comes from elsewhere.
fn stopped_for_good(crew: &mut Crew) -> Result<f64> {
    let theirs = share(crew)?;
    let began = Instant::now();
    crew.stop(LEAVER)?;
    crew.until(|written| theirs.contains(&written.partition) && written.by != LEAVER)?;
    Ok(began.elapsed().as_secs_f64())
}

/// Lets the leaver in unless it is there, and returns its partitions.
fn share(crew: &mut Crew) -> Result<BTreeSet<i32>> {
    if !crew.has(LEAVER) {
        crew.join(LEAVER)?;
    }
    let outputs = crew.until_shared()?;
    let owners = outputs.owners();
    let theirs = owners.into_iter().filter(|(_, by)| *by == LEAVER);
    Ok(theirs.map(|(partition, _)| partition).collect())
}
