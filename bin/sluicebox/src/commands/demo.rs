//! `sluicebox demo`: a day with known truth through every stage; expected and got side by side.

mod best;
mod compare;
mod got;
mod receiver;
mod setting;
mod shipping;

use crate::app::App;
use crate::commands::{flow, migrate};
use crate::failure::Failure;
use crate::output::{GOOD, STRONG, say, styled, tell};
use crate::reload::Reload;
use crate::wiring::{Process, Target};
use clap::Args;
use scenario::day::{Day, EVENTS};
use settings::Settings;
use shipping::Shipping;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const EXAMPLES: &str = "\
Examples:
  sluicebox demo                     stays up, so that you can look around; Ctrl-C stops it
  sluicebox demo --once              stops when it has compared; exit code 1 if something differs
  sluicebox demo --seed 7 --events 20000
  sluicebox demo --attach http://127.0.0.1:8080    sends the day to services that run, and compares

The demo uses topics of its own, `demo.…`, and a database of its own beside the configured one, named with `_demo`
behind it; both are begun anew each time.";

/// A day in the life of a token community and a web shop, with known truth: expected and got side by side
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DemoArgs {
    /// Stop when everything is compared; exit code 1 if a line differs
    #[arg(long)]
    once: bool,
    /// Another seed, another day
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// About how many records the day has
    #[arg(long, default_value_t = EVENTS, value_name = "N")]
    events: usize,
    /// Where the truth is written, as JSON; without it, in ~/.local/state/sluicebox
    #[arg(long, value_name = "FILE")]
    truth: Option<PathBuf>,
    /// How long the stream may take
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = humantime::parse_duration)]
    timeout: Duration,
    /// Send the day to services that run already with the present settings, and whose HTTP edge is here; they must
    /// have empty topics and the day's tables and channels
    #[arg(long, value_name = "URL", hide_short_help = true)]
    attach: Option<String>,
}

pub(crate) async fn run(args: DemoArgs, app: &App) -> Result<(), Failure> {
    let day = Day::new(args.seed, args.events);
    let settings = app.settings()?;
    let truth = write_truth(&day, &args)?;
    if let Some(edge) = &args.attach {
        return compared(&day, &settings, edge, &args).await.and_then(equal);
    }
    let hooks = receiver::Receiver::start().await?;
    let settings = setting::prepare(settings, &day, &hooks, args.once).await?;
    let _telemetry = telemetry::init(&settings.telemetry, "demo");
    let reload = Reload::never(&settings);
    let process = Process::start(&settings, &[Target::All], reload).await?;
    let done = stay(&day, &settings, &process, &hooks, &truth, &args).await;
    process.stop(Duration::ZERO).await?;
    done.and_then(equal)
}

async fn stay(
    day: &Day,
    settings: &Settings,
    process: &Process,
    hooks: &receiver::Receiver,
    truth: &Path,
    args: &DemoArgs,
) -> Result<bool, Failure> {
    let address = process
        .addresses
        .adapters
        .ok_or_else(|| Failure::Check("the HTTP edge does not listen".to_owned()))?;
    let equal = compared(day, settings, &format!("http://{address}"), args).await?;
    say(format_args!(
        "\n{} webhook calls came in, {} notifications told apart by id",
        hooks.calls(),
        hooks.distinct()
    ));
    where_to_look(settings, process, truth);
    if !args.once {
        say(styled(STRONG, "\nEverything stays up. Ctrl-C stops it."));
        let _ = tokio::signal::ctrl_c().await;
    }
    Ok(equal)
}

/// Sends the day, waits, prints both columns and the best signals; whether the columns are equal.
async fn compared(day: &Day, settings: &Settings, edge: &str, args: &DemoArgs) -> Result<bool, Failure> {
    tell(format_args!(
        "sending {} records of one day over HTTP and Kafka",
        day.truth.raw_records
    ));
    let began = Instant::now();
    let shipping = Shipping::new(settings, edge).await?;
    let refused = shipping.send(&day.shipments).await?;
    tell("waiting until everything has gone through");
    let gatherer = flow::Gatherer::connect(settings).await?;
    let report = flow::wait(&gatherer, args.timeout).await?;
    let report = report.map_err(|report| {
        let time = humantime::format_duration(args.timeout);
        Failure::Check(format!(
            "the stream was not drained within {time}: {}",
            report.behind()
        ))
    })?;
    tell(format_args!("done in {:.1} s\n", began.elapsed().as_secs_f64()));
    let pool = migrate::connect(&settings.postgres).await?;
    let got = got::got(&pool, &report, refused).await?;
    let lines = compare::lines(&day.truth, &got);
    compare::table(&lines).into_iter().for_each(say);
    for loss in report.losses() {
        say(loss);
    }
    best::print(&pool).await?;
    Ok(report.conserves && lines.iter().all(compare::Line::is_equal))
}

fn equal(equal: bool) -> Result<(), Failure> {
    if equal {
        Ok(())
    } else {
        Err(Failure::Check("what came is not what was expected".to_owned()))
    }
}

fn write_truth(day: &Day, args: &DemoArgs) -> Result<PathBuf, Failure> {
    let usual = || own_folder().join(format!("sluicebox-demo-{}.json", args.seed));
    let path = args.truth.clone().unwrap_or_else(usual);
    let json = serde_json::to_string_pretty(&day.truth).unwrap_or_default();
    std::fs::write(&path, json).map_err(|error| Failure::File(format!("{}: {error}", path.display())))?;
    Ok(path)
}

fn where_to_look(settings: &Settings, process: &Process, truth: &Path) {
    let addresses = &process.addresses;
    say(styled(STRONG, "\nWhere to look"));
    if let Some(api) = addresses.api {
        say(format_args!(
            "  signals      curl -s 'http://{api}/v1/signals?limit=5'"
        ));
        say(format_args!("  API docs     http://{api}/docs"));
    }
    if let Some(edge) = addresses.adapters {
        say(format_args!(
            "  send one     curl -si http://{edge}/events -H 'X-API-Key: {}' -H 'Content-Type: application/json' \\\n               \
             -d '{{\"event_type\":\"purchase\",\"user_id\":\"user123\",\"properties\":{{\"amount\":99.99}}}}'",
            setting::KEY
        ));
    }
    if let Some(ops) = addresses.ops {
        say(format_args!("  metrics      http://{ops}/metrics"));
    }
    say(format_args!(
        "  database     psql {}",
        styled(GOOD, settings.postgres.url.expose())
    ));
    say(format_args!("  topics       {}*", settings.topic_prefix));
    say(format_args!(
        "  its history  export SLUICEBOX__TOPIC_PREFIX={} # then: sluicebox rules backtest --rules FOLDER",
        settings.topic_prefix
    ));
    say(format_args!("  the truth    {}", truth.display()));
}

/// A folder that no other user of the machine writes to: where the local parts keep their data, else the temporary one.
fn own_folder() -> PathBuf {
    let state = std::env::home_dir().map(|home| home.join(".local/state/sluicebox"));
    let usable = state.filter(|folder| std::fs::create_dir_all(folder).is_ok());
    usable.unwrap_or_else(std::env::temp_dir)
}
