//! `sluicebox flow`: what each stage read and wrote, and whether it adds up. docs/FLOW.md describes the JSON.

mod gather;
mod pace;
mod report;
mod table;

pub(crate) use gather::Gatherer;
pub(crate) use report::Report;

use crate::app::App;
use crate::failure::Failure;
use crate::output::{say, tell};
use clap::Args;
use pace::Pace;
use std::time::{Duration, Instant};

const EXAMPLES: &str = "\
Examples:
  sluicebox flow                          counts and lag of every stage, and events a second, seen for one second
  sluicebox flow --wait --timeout 5m      returns when everything that was sent has gone through
  sluicebox flow --json | jq '.stages[] | select(.conserves | not)'

Exit code 1: a stage does not conserve, what one stage wrote another did not read though all is drained, or --timeout
came first.";

/// Between two looks while waiting.
const LOOK_AGAIN: Duration = Duration::from_millis(250);
/// How long is looked to tell events a second.
const GLANCE: Duration = Duration::from_secs(1);

/// What each stage read, wrote and left out, and whether it adds up
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct FlowArgs {
    /// Print one JSON object; its fields are described in docs/FLOW.md and stay
    #[arg(long)]
    json: bool,
    /// Return when the stream is drained
    #[arg(long)]
    wait: bool,
    /// With --wait: give up after this long
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = humantime::parse_duration)]
    timeout: Duration,
}

pub(crate) async fn run(args: FlowArgs, app: &App) -> Result<(), Failure> {
    let gatherer = Gatherer::connect(&app.settings()?).await?;
    let (report, in_time) = if args.wait {
        match wait(&gatherer, args.timeout).await? {
            Ok(report) => (report, true),
            Err(report) => (report, false),
        }
    } else {
        (glance(&gatherer).await?, true)
    };
    if args.json {
        say(report.to_json());
    } else {
        table::lines(&report).into_iter().for_each(say);
    }
    if !in_time {
        let time = humantime::format_duration(args.timeout);
        return Err(Failure::Check(format!(
            "the stream was not drained within {time}: {}",
            report.behind()
        )));
    }
    verdict(&report)
}

/// Two looks, for the speed.
async fn glance(gatherer: &Gatherer) -> Result<Report, Failure> {
    let mut pace = Pace::default();
    pace.see(&gatherer.gather().await?, Instant::now());
    tokio::time::sleep(GLANCE).await;
    let mut report = gatherer.gather().await?;
    pace.see(&report, Instant::now());
    pace.tell(&mut report);
    Ok(report)
}

/// Looks until nothing is left to read, twice in a row with equal counts; `Err` with the last look when time is up.
pub(crate) async fn wait(gatherer: &Gatherer, timeout: Duration) -> Result<Result<Report, Report>, Failure> {
    let (began, mut pace) = (Instant::now(), Pace::default());
    let mut drained_before: Option<Report> = None;
    loop {
        let mut report = gatherer.gather().await?;
        pace.see(&report, Instant::now());
        let again = drained_before
            .as_ref()
            .is_some_and(|before| report.drained && before.same_counts(&report));
        if again || began.elapsed() >= timeout {
            pace.tell(&mut report);
            return Ok(if again { Ok(report) } else { Err(report) });
        }
        drained_before = report.drained.then_some(report);
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

fn verdict(report: &Report) -> Result<(), Failure> {
    if !report.conserves {
        return Err(Failure::Check(format!(
            "records are not accounted for: {}",
            report.losses().join("; ")
        )));
    }
    if !report.drained {
        tell(format_args!("not drained yet: {}", report.behind()));
    }
    Ok(())
}
