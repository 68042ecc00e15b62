//! `soak`: days of ever new keys, each remembered for a day. Memory and changelog must stay as they are after the first
//! days, because what is over leaves a tombstone and the cleaner takes both away.
//!
//! Time is the producer's, so that a day passes in seconds.

use crate::contender::{Contender, IDS, Tuning, Work};
use crate::course::Course;
use crate::driver::{Broker, Ends, Reader, Record, Timestamps, Topics};
use crate::lap::Track;
use crate::{machine, process, say};
use anyhow::{Context, Result, bail};
use clap::Args;
use model::{Encoder, Event};
use serde_json::json;
use std::time::{SystemTime, UNIX_EPOCH};

const PARTITIONS: i32 = 4;
const HOUR: i64 = 60 * 60 * 1000;
const DAY: i64 = 24 * HOUR;
/// Days until nothing new is to be seen: entries live for one day and up to an hour.
const SETTLED: usize = 3;
/// The cleaner works behind the writers; what it has not reached yet is no growth.
const MOST_GROWTH: f64 = 2.0;

/// Memory and changelog of state that expires, over many days of the stream's time
#[derive(Args)]
pub(crate) struct SoakArgs {
    /// Days of the stream's time
    #[arg(long, default_value_t = 30)]
    days: u32,
    /// New keys of each day
    #[arg(long, default_value_t = 100_000)]
    keys: u32,
    /// Hours of each day over which its keys are spread; with 1, all of them are over in the same hour
    #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=24))]
    hours: u32,
}

/// What a day left behind.
#[derive(Debug, Clone, Copy)]
struct Evening {
    resident_mib: f64,
    /// Records that a restore would have to read.
    changelog: u64,
}

pub(crate) fn run(args: &SoakArgs) -> Result<()> {
    say(machine::line());
    let evenings = soak(&Broker::local()?, args)?;
    let memory = growth(&evenings, |evening| evening.resident_mib)?;
    let changelog = growth(&evenings, |evening| evening.changelog as f64)?;
    say(json!({
        "bench": "soak",
        "date": machine::date(),
        "commit": machine::commit(),
        "days": args.days,
        "keys_a_day": args.keys,
        "hours": args.hours,
        "memory_growth": memory,
        "changelog_growth": changelog,
    }));
    if memory.max(changelog) > MOST_GROWTH {
        bail!("state that expires grows all the same");
    }
    Ok(())
}

/// The most of the second half, as a multiple of the most of the first, the first days left out.
fn growth(evenings: &[Evening], figure: fn(&Evening) -> f64) -> Result<f64> {
    let settled = evenings.get(SETTLED..).unwrap_or_default();
    let (first, second) = settled.split_at(settled.len() / 2);
    let most = |part: &[Evening]| part.iter().map(figure).reduce(f64::max);
    let (first, second) = (most(first), most(second));
    let ratio = second.zip(first).map(|(second, first)| second / first);
    let ratio = ratio.context("a soak takes more days than that")?;
    Ok((ratio * 100.0).round() / 100.0)
}

fn soak(broker: &Broker, args: &SoakArgs) -> Result<Vec<Evening>> {
    let course = Course::new("soak", Work::Remember.stages(), PARTITIONS)?;
    let _topics = Topics::create(broker, &course, Timestamps::Producer)?;
    let contender = Contender::running(broker, &course, Work::Remember, &Tuning::default())?;
    let track = Track::new(broker, &course, "lz4")?;
    let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
    let begin = now - i64::from(args.days) * DAY;
    say(format_args!(
        "{:>4} {:>12} {:>18}",
        "day", "resident MiB", "changelog records"
    ));
    let mut evenings = Vec::new();
    for day in 0..args.days {
        let morning = begin + i64::from(day) * DAY;
        track.lap(&contender, day_of(day, morning, args), args.keys.into())?;
        let evening = Evening {
            resident_mib: process::resident_mib(contender.pid()),
            changelog: left(broker, &course)?,
        };
        say(format_args!(
            "{day:>4} {:>12.1} {:>18}",
            evening.resident_mib, evening.changelog
        ));
        evenings.push(evening);
    }
    contender.stop()?;
    Ok(evenings)
}

/// The events of one day, evenly spread over its first hours.
fn day_of(day: u32, morning: i64, args: &SoakArgs) -> impl Iterator<Item = Result<Record>> + use<> {
    let (keys, span) = (args.keys, i64::from(args.hours) * HOUR);
    let encoder = Encoder::new(IDS);
    (0..keys).map(move |number| {
        let id = format!("{day:04}-{number:012}");
        let event = Event {
            id: id.clone(),
            subject: id.clone(),
            ..Event::default()
        };
        Ok(Record {
            value: encoder.encoded(&event),
            key: id.into_bytes(),
            time: Some(morning + i64::from(number) * span / i64::from(keys)),
            traceparent: None,
        })
    })
}

/// How many records the changelog has.
fn left(broker: &Broker, course: &Course) -> Result<u64> {
    let changelog = course.changelog("seen")?;
    let ends = Ends::new(broker, changelog.clone(), PARTITIONS)?.now()?;
    Reader::new(broker, &changelog, &vec![0; ends.len()])?.count_to(&ends)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_seen_after_the_first_days() {
        let evening = |resident_mib| Evening {
            resident_mib,
            changelog: 1,
        };
        let flat: Vec<Evening> = [1.0, 2.0, 3.0, 4.0, 4.0, 4.0, 4.0].map(evening).to_vec();
        let growing: Vec<Evening> = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 10.0].map(evening).to_vec();
        let of = |evenings: &[Evening]| growth(evenings, |evening| evening.resident_mib).unwrap();
        assert!((of(&flat) - 1.0).abs() < f64::EPSILON);
        assert!((of(&growing) - 2.0).abs() < f64::EPSILON);
        assert!(growth(&flat[..4], |evening| evening.resident_mib).is_err());
    }
}
