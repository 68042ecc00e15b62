//! `flow`: generated events through every stage, each service a process of its own.

mod report;
mod services;

use crate::machine;
use crate::{median, parts, process, say};
use anyhow::{Context, Result, bail};
use clap::Args;
use report::Run;
use serde_json::json;
use services::{Services, psql, sluicebox};
use std::process::Stdio;
use std::time::Instant;

/// Events a second through every stage as separate processes
#[derive(Args)]
pub(crate) struct FlowArgs {
    /// Events of one run
    #[arg(long, default_value_t = 200_000)]
    events: u64,
    /// Runs; the median counts
    #[arg(long, default_value_t = 3)]
    runs: u32,
}

pub(crate) fn run(args: &FlowArgs) -> Result<()> {
    say(machine::line());
    let mut runs = Vec::new();
    for number in 1..=args.runs {
        let run = one(args.events, number).with_context(|| format!("run {number}"))?;
        say(format_args!(
            "\nrun {number} of {}: {:.0} events/s",
            args.runs,
            run.events_per_s()
        ));
        run.lines().into_iter().for_each(say);
        runs.push(run);
    }
    let middle = |figure: fn(&Run) -> f64| median(runs.iter().map(figure).collect());
    let memory = middle(Run::stateless_mib);
    say(format_args!(
        "\nmedian of {}: {:.0} events/s",
        runs.len(),
        middle(Run::events_per_s)
    ));
    say(json!({
        "bench": "flow",
        "date": machine::date(),
        "commit": machine::commit(),
        "events": args.events,
        "runs": args.runs,
        "events_per_s": middle(Run::events_per_s).round(),
        "cpu_us_per_event": (middle(Run::cpu_us_per_event) * 10.0).round() / 10.0,
        "stateless_rss_mib": (memory * 10.0).round() / 10.0,
        "broker_cpu_us_per_event": (middle(Run::broker_us_per_event) * 10.0).round() / 10.0,
        "database_kib_per_1000_events": middle(Run::growth_kib_per_1000).round(),
    }));
    Ok(())
}

/// From the first event sent, with every service ready and idle, to the last row stored.
fn one(events: u64, number: u32) -> Result<Run> {
    let servers = parts::pids()?;
    let environment = services::environment(number)?;
    sluicebox(&environment, &["topics", "apply"])
        .status()
        .context("topics apply")?;
    sluicebox(&environment, &["migrate", "up"])
        .status()
        .context("migrate up")?;
    let mut services = Services::start(&environment)?;
    let size = database_size()?;
    let cpu_before: Vec<f64> = servers
        .iter()
        .map(|(_, pid)| process::cpu_seconds(*pid))
        .collect();
    let own_before = services.cpu();
    let began = Instant::now();
    let (count, seed) = (events.to_string(), number.to_string());
    let arguments = ["events", "generate", "--count", &count, "--seed", &seed];
    let generated = sluicebox(&environment, &arguments)
        .stdout(Stdio::null())
        .status()?;
    if !generated.success() {
        bail!("the events could not be sent");
    }
    let generator = began.elapsed();
    let drained = sluicebox(&environment, &["flow", "--wait", "--json", "--timeout", "15m"])
        .stdout(Stdio::null())
        .spawn()?;
    services.outlast(drained)?;
    let took = began.elapsed();
    let after = servers.iter().zip(cpu_before);
    let servers = after
        .map(|((name, pid), before)| (name.clone(), process::cpu_seconds(*pid) - before))
        .collect();
    Ok(Run {
        events,
        seconds: took.as_secs_f64(),
        sending: generator.as_secs_f64(),
        services: services.used_since(&own_before),
        servers,
        growth: database_size()?.saturating_sub(size),
    })
}

fn database_size() -> Result<u64> {
    let size = psql("CHECKPOINT; SELECT pg_database_size('sluicebox_bench')")?;
    let number = size.lines().rev().find_map(|line| line.trim().parse().ok());
    number.with_context(|| format!("psql said {size:?}"))
}
