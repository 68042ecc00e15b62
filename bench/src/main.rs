//! Speed, memory and quality, as commands. Each prints a table for people and, as its last line, one JSON object.

mod api;
mod cold;
mod contender;
mod course;
mod driver;
mod edge;
mod flow;
mod lane;
mod lap;
mod machine;
mod meaning;
mod outputs;
mod parts;
mod percentiles;
mod process;
mod quality;
mod random;
mod sameness_cost;
mod soak;
mod streams;
mod windows_cost;

use anyhow::Result;
use clap::{Parser, Subcommand};
use tikv_jemallocator::Jemalloc;

/// The same as the program's, so that a floor does not lose by its allocator.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

#[derive(Parser)]
#[command(
    name = "sluicebox-bench",
    about = "Speed and memory of Sluicebox, measured on this machine"
)]
struct Cli {
    #[command(subcommand)]
    bench: Bench,
}

#[derive(Subcommand)]
enum Bench {
    /// Events a second through every stage as separate processes; CPU, memory and growth of the database
    Flow(flow::FlowArgs),
    /// Posts to the HTTP edge beside a bare axum handler that only produces
    Edge(edge::EdgeArgs),
    #[command(hide = true)]
    EdgeFloor(edge::FloorArgs),
    /// What it costs to understand an event, and to score it by a hundred rules
    Meaning(meaning::MeaningArgs),
    /// Seconds from a clean clone with empty caches to the end of `demo --once`, and again warm
    Cold(cold::ColdArgs),
    /// A lane of the runtime beside bare librdkafka: throughput, latency, restore, handover, scaling
    Runtime(lane::LaneArgs),
    /// Three stages here beside the same three on Kafka Streams
    Streams(streams::StreamsArgs),
    /// Memory and changelog of state that expires, over many days of the stream's time
    Soak(soak::SoakArgs),
    /// Every list of the API over a full database, and what its indexes cost the sink
    Api(api::ApiArgs),
    /// Does the work that another bench measures
    #[command(hide = true)]
    Contender(contender::ContenderArgs),
    /// How well texts are read and put together: languages, sentiment, spam, stories, copies, entities
    Quality(quality::QualityArgs),
    /// What it costs to find the story and the topic of a text among many open ones
    Sameness(sameness_cost::SamenessArgs),
    /// Updates of windows a second through the detector's decision, with ten rules over many subjects
    Windows(windows_cost::WindowsArgs),
}

fn main() -> Result<()> {
    match Cli::parse().bench {
        Bench::Flow(args) => flow::run(&args),
        Bench::Edge(args) => edge::run(&args),
        Bench::EdgeFloor(args) => edge::run_floor(args),
        Bench::Meaning(args) => meaning::run(&args),
        Bench::Cold(args) => cold::run(&args),
        Bench::Runtime(args) => lane::run(&args),
        Bench::Streams(args) => streams::run(&args),
        Bench::Soak(args) => soak::run(&args),
        Bench::Api(args) => api::run(&args),
        Bench::Contender(args) => contender::run(&args),
        Bench::Quality(args) => quality::run(&args),
        Bench::Sameness(args) => {
            sameness_cost::run(&args);
            Ok(())
        }
        Bench::Windows(args) => windows_cost::run(&args),
    }
}

/// Prints one line.
#[expect(clippy::print_stdout, reason = "printing is what a bench is for")]
pub(crate) fn say(line: impl std::fmt::Display) {
    println!("{line}");
}

/// The middle one; of an even number, the lower of the two.
pub(crate) fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers
        .get(numbers.len().saturating_sub(1) / 2)
        .copied()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn the_median_is_the_middle_one() {
        assert!((median(vec![3.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
        assert!((median(vec![5.0]) - 5.0).abs() < f64::EPSILON);
    }
}
