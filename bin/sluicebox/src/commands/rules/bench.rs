//! `sluicebox rules bench`: what the rules cost an event.

use super::{files, normalizing};
use crate::app::App;
use crate::failure::Failure;
use crate::output::say;
use clap::Args;
use rules::{Given, Scope};
use std::hint::black_box;
use std::path::PathBuf;
use std::time::{Duration, Instant};

#[derive(Debug, Args)]
#[command(
    after_help = "Without events, those of the tests beside the rules are scored.\n\nExample:\n  sluicebox rules bench rules/scoring"
)]
pub(crate) struct BenchArgs {
    /// Rule file or folder; without it, the scorer's
    path: Option<PathBuf>,
    /// How long to measure
    #[arg(long, value_name = "SPAN", default_value = "1s", value_parser = humantime::parse_duration)]
    span: Duration,
}

pub(crate) fn run(args: &BenchArgs, app: &App) -> Result<(), Failure> {
    let mut rules = files::scoring(&files::read(&files::scoring_path(args.path.as_ref(), app)?)?)?;
    rules.normalize_cases(&normalizing::of_tests(app)?);
    let events: Vec<&Given> = rules.case_facts().collect();
    if events.is_empty() {
        return Err(Failure::Usage(
            "the rules have no tests whose events could be scored; add `tests:`".to_owned(),
        ));
    }
    let (mut events_scored, mut matched) = (0_u32, 0_usize);
    let start = Instant::now();
    while start.elapsed() < args.span {
        for event in &events {
            for scope in [Scope::Event, Scope::Signal] {
                matched += rules.score(black_box(*event), scope).matched;
            }
            events_scored = events_scored.saturating_add(1);
        }
    }
    let micros = start.elapsed().as_secs_f64() * 1e6 / f64::from(events_scored.max(1));
    say(format_args!(
        "{} rules, {} different events",
        rules.len(),
        events.len()
    ));
    say(format_args!(
        "{micros:.2} µs an event, {:.1} rules matched",
        matched as f64 / f64::from(events_scored.max(1))
    ));
    Ok(())
}
