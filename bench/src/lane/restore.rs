//! How fast state comes back from its changelog, beside a bare consumer of the same changelog, and what it then weighs.

use super::events::Events;
use super::figures::Figures;
use crate::contender::{Contender, Counts, Tuning, Work};
use crate::course::Course;
use crate::driver::{Broker, Feeder, Record, Timestamps, Topics};
use crate::lap::Track;
use crate::{median, process, say};
use anyhow::Result;
use stage::AnyStore;
use std::time::Instant;

const PARTITIONS: i32 = 4;
/// Records that are counted before the restores.
const FIRST: u64 = 1_000;

pub(super) fn measure(broker: &Broker, runs: u32, keys: u64, figures: &mut Figures) -> Result<()> {
    let course = Course::new("restore", Work::Keyed.stages(), PARTITIONS)?;
    let _topics = Topics::create(broker, &course, Timestamps::Broker)?;
    // State belongs to an offset: without one a lane refuses to restore.
    let contender = Contender::running(broker, &course, Work::Keyed, &Tuning::default())?;
    Track::new(broker, &course, "lz4")?.lap(&contender, Events::new().first(FIRST), FIRST)?;
    let empty = process::resident_mib(contender.pid());
    contender.stop()?;
    let feeder = Feeder::new(broker, &course.prefix.apply("feeder"), "lz4")?;
    feeder.fill(&course.changelog("signals")?, changes(keys))?;
    feeder.release()?;
    let (mut scanned, mut came_back, mut weighed) = (Vec::new(), Vec::new(), Vec::new());
    say("");
    for run in 1..=runs {
        let (scan, _) = restored(broker, &course, Work::Scan)?;
        let (restore, full) = restored(broker, &course, Work::Keyed)?;
        let rate = |seconds: f64| keys as f64 / seconds;
        say(format_args!(
            "run {run} of {runs}: restored {:>10.0}/s, read {:>10.0}/s, {:.0} MiB",
            rate(restore),
            rate(scan),
            full
        ));
        scanned.push(rate(scan));
        came_back.push(rate(restore));
        weighed.push((full - empty) / (keys as f64 / 1e6));
    }
    let ratios = came_back.iter().zip(&scanned).map(|(ours, bare)| ours / bare);
    figures.note("restore_vs_consumer", median(ratios.collect()));
    figures.note("restore_per_s", median(came_back).round());
    figures.note("rss_mib_per_million_keys", median(weighed));
    Ok(())
}

/// Seconds from the start of the process until all is read, and the MiB it then has.
fn restored(broker: &Broker, course: &Course, work: Work) -> Result<(f64, f64)> {
    let began = Instant::now();
    let contender = Contender::running(broker, course, work, &Tuning::default())?;
    let seconds = began.elapsed().as_secs_f64();
    let resident = process::resident_mib(contender.pid());
    contender.stop()?;
    Ok((seconds, resident))
}

/// What the stage writes to its changelog for so many keys, as the store itself puts it.
pub(super) fn changes(keys: u64) -> impl Iterator<Item = Result<Record>> {
    let Counts(mut store) = Counts::default();
    (0..keys).map(move |n| {
        store.put(format!("user:{n:012}"), 1);
        let mut record = Record::default();
        store.changes(&mut |(key, value)| {
            record.key = key.to_vec();
            record.value = value.unwrap_or_default().to_vec();
        })?;
        store.abort();
        Ok(record)
    })
}
