//! How soon the old rate is back after the broker stood still for longer than a session lasts, where every partition has
//! much state: whoever restores it all then, from a broker that was just ill, takes long.

use super::events::Events;
use super::figures::Figures;
use super::restore::changes;
use crate::contender::{Contender, Tuning, Work};
use crate::course::Course;
use crate::driver::{Broker, Ends, Feeder, Reader, Steady, Timestamps, Topics};
use crate::lap::Track;
use crate::{process, say};
use anyhow::{Result, ensure};
use std::time::{Duration, Instant};

const PARTITIONS: i32 = 12;
/// Records a second.
const RATE: u32 = 1_000;
const STALL: Duration = Duration::from_secs(30);
const WINDOW: Duration = Duration::from_millis(500);
/// Records that are counted before there is state.
const FIRST: u64 = 1_000;
const PATIENCE: Duration = Duration::from_mins(5);

pub(super) fn measure(broker: &Broker, keys: u64, figures: &mut Figures) -> Result<()> {
    let course = Course::new("stall", Work::Keyed.stages(), PARTITIONS)?;
    let _topics = Topics::create(broker, &course, Timestamps::Broker)?;
    // State belongs to an offset: without one a lane refuses to restore.
    let contender = Contender::running(broker, &course, Work::Keyed, &Tuning::default())?;
    Track::new(broker, &course, "lz4")?.lap(&contender, Events::new().first(FIRST), FIRST)?;
    contender.stop()?;
    let feeder = Feeder::new(broker, &course.prefix.apply("feeder"), "lz4")?;
    feeder.fill(
        &course.changelog("signals")?,
        changes(keys.saturating_mul(PARTITIONS.unsigned_abs().into())),
    )?;
    feeder.release()?;
    let began = Instant::now();
    let contender = Contender::running(broker, &course, Work::Keyed, &Tuning::default())?;
    let restored = began.elapsed().as_secs_f64();
    let output = course.output()?;
    let ends = Ends::new(broker, output.clone(), PARTITIONS)?.now()?;
    let reader = Reader::new(broker, &output, &ends)?;
    let events = Events::new();
    let _sender = Steady::start(broker, &course.input()?, RATE, move |n| events.make(n))?;
    until_at_rate(&reader)?;
    stand_still(broker)?;
    let began = Instant::now();
    until_at_rate(&reader)?;
    let recovered = began.elapsed().as_secs_f64();
    let resident = process::resident_mib(contender.pid());
    say(format_args!(
        "\n{PARTITIONS} partitions of {keys} keys, broker stopped for {STALL:?}: the old rate is back after {recovered:.2} s; a \
         restore of all takes {restored:.2} s; {resident:.0} MiB"
    ));
    figures.note("stall_recovery_s", recovered);
    contender.stop()
}

/// Neither answers nor forgets, as on a machine that is suspended or a disk that hangs.
fn stand_still(broker: &Broker) -> Result<()> {
    process::signal(broker.pid(), "STOP")?;
    std::thread::sleep(STALL);
    process::signal(broker.pid(), "CONT")
}

/// Reads the output until as much comes in a window as is sent.
fn until_at_rate(reader: &Reader) -> Result<()> {
    let began = Instant::now();
    loop {
        ensure!(began.elapsed() < PATIENCE, "the rate does not come back");
        let (window, mut read) = (Instant::now(), 0.0);
        while window.elapsed() < WINDOW {
            read += if reader.next()?.is_some() { 1.0 } else { 0.0 };
        }
        if read >= f64::from(RATE) * WINDOW.as_secs_f64() * 0.9 {
            return Ok(());
        }
    }
}
