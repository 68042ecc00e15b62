//! A contender does the work that is measured, in a process of its own, so that its CPU and memory are its alone. It
//! runs until its standard input closes, and prints `running N` whenever it works on N partitions.

mod floor;
mod host;
mod keyed;
mod pipeline;
mod process;
mod relay;
mod remember;
mod scan;

pub(crate) use host::{IDS, OwnSchemas};
pub(crate) use keyed::Counts;
pub(crate) use process::Contender;

use crate::course::Course;
use anyhow::Result;
use clap::{Args, ValueEnum};
use std::io::Read;
use topology::{Prefix, StageName};

/// What a contender does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Work {
    /// Bare librdkafka: consume, produce, commit.
    Floor,
    /// A stage: decode, apply identity, encode.
    Relay,
    /// A stage whose input and output are bytes: the runtime without the codec.
    Bytes,
    /// The same stage as [`Work::Relay`], without transactions.
    AtLeastOnce,
    /// A stage with state: counts the records of each key.
    Keyed,
    /// A stage with state that expires: remembers each event for a day.
    Remember,
    /// Bare librdkafka: reads the changelog of [`Work::Keyed`] to its end.
    Scan,
    /// Three stages in one process: normalize, score, aggregate.
    Pipeline,
}

impl Work {
    /// The stages whose topics it uses.
    pub(crate) const fn stages(self) -> &'static [StageName] {
        match self {
            Self::Floor | Self::Relay | Self::AtLeastOnce | Self::Bytes => &[StageName::Scorer],
            Self::Keyed | Self::Remember | Self::Scan => &[StageName::DedupAggregator],
            Self::Pipeline => &[
                StageName::Normalizer,
                StageName::Scorer,
                StageName::DedupAggregator,
            ],
        }
    }

    pub(crate) fn name(self) -> String {
        let value = self.to_possible_value();
        value.map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

/// Does the work of one contender (started by the others)
#[derive(Debug, Clone, Args)]
pub(crate) struct ContenderArgs {
    #[arg(value_enum)]
    work: Work,
    #[arg(long)]
    brokers: String,
    #[arg(long)]
    prefix: String,
    #[arg(long)]
    partitions: i32,
    #[command(flatten)]
    tuning: Tuning,
}

/// What differs between contenders that do the same.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub(crate) struct Tuning {
    /// This process among those of its group
    #[arg(long, default_value = "one")]
    pub(crate) instance: String,
    /// Least time between two commits, ms; the default is the product's
    #[arg(long, default_value_t = settings::KafkaSettings::default().min_commit_interval_ms)]
    pub(crate) least_ms: u64,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            instance: "one".to_owned(),
            least_ms: settings::KafkaSettings::default().min_commit_interval_ms,
        }
    }
}

/// Does the work until standard input closes.
pub(crate) fn run(args: &ContenderArgs) -> Result<()> {
    // To standard error, as much as RUST_LOG asks for; the driver reads standard output.
    let filter = tracing_subscriber::EnvFilter::from_default_env();
    let log = tracing_subscriber::fmt().with_env_filter(filter);
    log.with_writer(std::io::stderr).init();
    let course = Course {
        prefix: Prefix::new(args.prefix.clone()),
        stages: args.work.stages().to_vec(),
        partitions: args.partitions,
    };
    match args.work {
        Work::Floor => floor::run(&args.brokers, &course, &args.tuning),
        Work::Scan => scan::run(&args.brokers, &course),
        Work::Relay => host::run(args, &course, |stages| {
            let instance = args.tuning.instance.clone();
            stages.start(move || relay::Relay(instance.clone()))
        }),
        Work::AtLeastOnce => host::run(args, &course, |stages| {
            let instance = args.tuning.instance.clone();
            stages.start_at_least_once(move || relay::Relay(instance.clone()))
        }),
        Work::Bytes => host::run(args, &course, |stages| stages.start(|| relay::RelayBytes)),
        Work::Keyed => host::run(args, &course, |stages| stages.start(|| keyed::Count)),
        Work::Remember => host::run(args, &course, |stages| stages.start(|| remember::Remember)),
        Work::Pipeline => host::run(args, &course, |stages| {
            let normalize = pipeline::Normalize::new()?;
            stages.start(move || normalize.clone())?;
            stages.start(|| pipeline::Score)?;
            stages.start(|| pipeline::Aggregate)
        }),
    }
}

/// Says how many partitions are worked on.
fn running(partitions: usize) {
    crate::say(format_args!("running {partitions}"));
}

/// Returns when standard input closes: whoever started this has ended, or wants it to end.
fn wait_for_the_end() {
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}
