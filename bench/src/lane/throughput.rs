//! Records a second: the floor, a relay, a relay of bytes and a keyed count, one after the other, again and again.

use super::events::Events;
use super::figures::Figures;
use crate::contender::{Contender, Tuning, Work};
use crate::course::Course;
use crate::driver::{Broker, Timestamps, Topics};
use crate::lap::{Lap, Track};
use crate::{median, process, say};
use anyhow::{Context, Result};
use serde_json::json;

/// As many as the floor that the wanted ratios were set by.
const PARTITIONS: i32 = 4;

/// One contender, ready and idle between its laps.
struct Runner {
    work: Work,
    contender: Contender,
    track: Track,
    laps: Vec<Lap>,
    _topics: Topics,
}

impl Runner {
    fn new(broker: &Broker, work: Work) -> Result<Self> {
        let course = Course::new(&work.name(), work.stages(), PARTITIONS)?;
        let topics = Topics::create(broker, &course, Timestamps::Broker)?;
        Ok(Self {
            work,
            contender: Contender::running(broker, &course, work, &Tuning::default())?,
            track: Track::new(broker, &course, "lz4")?,
            laps: Vec::new(),
            _topics: topics,
        })
    }

    fn lap(&self, records: u64) -> Result<Lap> {
        let lap = self
            .track
            .lap(&self.contender, Events::new().first(records), records);
        lap.with_context(|| self.work.name())
    }

    fn middle(&self, figure: fn(&Lap) -> f64) -> f64 {
        median(self.laps.iter().map(figure).collect())
    }

    /// Of another's rate. Laps of the same run stand side by side: the machine was the same for both.
    fn ratio(&self, other: &Self) -> f64 {
        let pairs = self.laps.iter().zip(&other.laps);
        median(
            pairs
                .map(|(ours, theirs)| ours.per_s() / theirs.per_s())
                .collect(),
        )
    }

    fn line(&self) -> String {
        format!(
            "{:14} {:>10.0} {:>8.2} {:>8.2} {:>9.1}",
            self.work.name(),
            self.middle(Lap::per_s),
            self.middle(Lap::cpu_us),
            self.middle(Lap::broker_us),
            process::peak_mib(self.contender.pid())
        )
    }
}

pub(super) fn measure(broker: &Broker, runs: u32, records: u64, figures: &mut Figures) -> Result<()> {
    let works = [
        Work::Floor,
        Work::Relay,
        Work::AtLeastOnce,
        Work::Bytes,
        Work::Keyed,
    ];
    let runners = works.into_iter().map(|work| Runner::new(broker, work));
    let mut runners: Vec<Runner> = runners.collect::<Result<_>>()?;
    for runner in &runners {
        runner.lap(records).context("warming up")?;
    }
    for run in 1..=runs {
        for runner in &mut runners {
            let lap = runner.lap(records)?;
            say(format_args!(
                "run {run} of {runs}: {:14} {:>10.0}/s",
                runner.work.name(),
                lap.per_s()
            ));
            runner.laps.push(lap);
        }
    }
    say(format_args!(
        "\n{:14} {:>10} {:>8} {:>8} {:>9}",
        "", "records/s", "us CPU", "broker", "peak MiB"
    ));
    runners.iter().map(Runner::line).for_each(say);
    note(&runners, figures);
    Ok(())
}

fn note(runners: &[Runner], figures: &mut Figures) {
    let of = |work| runners.iter().find(|runner| runner.work == work);
    let mut note = |name: &str, ours: Work, theirs: Work| {
        if let (Some(ours), Some(theirs)) = (of(ours), of(theirs)) {
            figures.note(name, ours.ratio(theirs));
        }
    };
    note("relay_vs_floor", Work::Relay, Work::Floor);
    note("bytes_vs_floor", Work::Bytes, Work::Floor);
    note("keyed_vs_floor", Work::Keyed, Work::Floor);
    note("eos_vs_alo", Work::Relay, Work::AtLeastOnce);
    let Some(relay) = of(Work::Relay) else { return };
    figures.note("lane_rss_mib", process::peak_mib(relay.contender.pid()));
    figures.note("cpu_us_per_record", relay.middle(Lap::cpu_us));
    let rates = runners
        .iter()
        .map(|runner| (runner.work.name(), json!(runner.middle(Lap::per_s).round())));
    figures.note_all("records_per_s", rates.collect::<serde_json::Map<_, _>>().into());
}
