//! `runtime`: what a lane costs, beside the floor: bare librdkafka in the same run.

mod crew;
mod events;
mod figures;
mod handover;
mod latency;
mod restore;
mod scaling;
mod stall;
mod throughput;

use crate::driver::Broker;
use crate::{machine, say};
use anyhow::Result;
use clap::{Args, ValueEnum};
use figures::Figures;

/// What of it to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    Throughput,
    Latency,
    Restore,
    Handover,
    Scaling,
    Stall,
}

/// Throughput against the floor, latency, restore, handover, scaling and a stalled broker of the runtime
#[derive(Args)]
pub(crate) struct LaneArgs {
    /// Runs of each figure; the median counts
    #[arg(long, default_value_t = 5)]
    runs: u32,
    /// Records of one run
    #[arg(long, default_value_t = 400_000)]
    records: u64,
    /// Keys to restore
    #[arg(long, default_value_t = 5_000_000)]
    keys: u64,
    /// Keys of each partition whose broker stands still
    #[arg(long, default_value_t = 1_000_000)]
    stalled_keys: u64,
    /// Seconds of each latency, after as many of warming up
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Only these parts
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
}

pub(crate) fn run(args: &LaneArgs) -> Result<()> {
    say(machine::line());
    let broker = Broker::local()?;
    let mut figures = Figures::default();
    let wanted = |part| args.only.is_empty() || args.only.contains(&part);
    if wanted(Part::Throughput) {
        throughput::measure(&broker, args.runs, args.records, &mut figures)?;
    }
    if wanted(Part::Latency) {
        latency::measure(&broker, args.seconds, &mut figures)?;
    }
    if wanted(Part::Restore) {
        restore::measure(&broker, args.runs, args.keys, &mut figures)?;
    }
    if wanted(Part::Handover) {
        handover::measure(&broker, args.runs.min(3), &mut figures)?;
    }
    if wanted(Part::Scaling) {
        scaling::measure(&broker, &mut figures)?;
    }
    if wanted(Part::Stall) {
        stall::measure(&broker, args.stalled_keys, &mut figures)?;
    }
    say("");
    figures.table().into_iter().for_each(say);
    say(figures.json(args.runs, args.records));
    Ok(())
}
