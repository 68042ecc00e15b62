//! `sluicebox rules backtest`: the history of the stream, scored by the rules in use and by others, or looked through by
//! detections. It reads topics without a group of its own and writes nothing.

mod compared;
mod detections;
mod report;

use super::files;
use crate::app::{self, App};
use crate::failure::Failure;
use clap::Args;
use compared::Compared;
use model::{DecodeError, Decoder, Event, Record, Signal};
use registry::Registry;
use rules::RuleSet;
use runtime::admin::{Span, StoredRecord};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use topology::Topic;

#[derive(Debug, Args)]
#[command(after_help = "\
Events are scored as the scorer does, signals as the enricher does, on the facts that were known of them then. Where the
rules to try are detections, every event is shown to them and to the detector's, from empty windows on.

Example:
  sluicebox rules backtest --rules candidate/ --from 2024-05-01T00:00:00Z --to 2024-05-02T00:00:00Z --budget 5%
  sluicebox rules backtest --rules candidate/ --from 24h --sample 100000")]
pub(crate) struct BacktestArgs {
    /// The rules to try
    #[arg(long, value_name = "PATH")]
    rules: PathBuf,
    /// The rules to compare with; without it, the scorer's or the detector's
    #[arg(long, value_name = "PATH")]
    live: Option<PathBuf>,
    /// From this time on, or so long ago: `2024-05-01T00:00:00Z`, `24h`
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = time)]
    from: i64,
    /// Before this time, or so long ago; without it, all there is
    #[arg(long, value_name = "TIME", value_parser = time)]
    to: Option<i64>,
    /// Look at about so many events, evenly spread, the same ones each time
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    sample: Option<u64>,
    /// Exit with 1 when more than this share of the events would get another level, be gained or be lost
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    budget: Option<f64>,
    /// How many examples to show of each kind
    #[arg(long, value_name = "N", default_value_t = 5)]
    examples: usize,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn time(text: &str) -> Result<i64, String> {
    if let Ok(time) = chrono::DateTime::parse_from_rfc3339(text) {
        return Ok(time.timestamp_millis());
    }
    let ago: Duration = humantime::parse_duration(text)
        .map_err(|_| "must be a time such as 2024-05-01T00:00:00Z or a span such as 24h".to_owned())?;
    let ago = i64::try_from(ago.as_millis()).map_err(|error| error.to_string())?;
    Ok(chrono::Utc::now().timestamp_millis().saturating_sub(ago))
}

fn percent(text: &str) -> Result<f64, String> {
    let number = text.trim().trim_end_matches('%').parse::<f64>().ok();
    number
        .filter(|percent| (0.0..=100.0).contains(percent))
        .ok_or_else(|| "must be a percentage, such as 5%".to_owned())
}

pub(crate) async fn run(args: BacktestArgs, app: &App) -> Result<(), Failure> {
    let texts = files::read(&args.rules)?;
    let sorted = rules::sorted_files(&texts);
    if sorted.scoring.is_empty() && !sorted.detections.is_empty() {
        return detections::run(&texts, &args, app).await;
    }
    let live = files::scoring(&files::read(&files::scoring_path(args.live.as_ref(), app)?)?)?;
    let candidate = files::scoring(&texts)?;
    let settings = app.settings()?;
    let registry = Registry::connect(&settings.registry)?;
    let admin = app::admin(&settings)?;
    let span = Span {
        from: args.from,
        to: args.to,
    };
    let every = match args.sample {
        Some(sample) => admin
            .count_since(Topic::EventsNormalized, span.from)
            .await?
            .div_ceil(sample)
            .max(1),
        None => 1,
    };
    let compared = Compared::new(args.examples, &live, &candidate);
    let replay = Replay {
        live,
        candidate,
        decoder: Decoder::new(Arc::new(registry)),
        every,
        read: 0,
        failed: None,
        compared,
    };
    let replay = admin
        .fold(Topic::EventsNormalized, span, replay, |replay, record| {
            replay.event(&record);
        })
        .await?;
    let mut replay = admin
        .fold(Topic::SignalsEnriched, span, replay, |replay, record| {
            replay.signal(&record);
        })
        .await?;
    if let Some(unavailable) = replay.failed {
        return Err(Failure::Unreachable(unavailable));
    }
    replay.compared.settle();
    report::show(&replay.compared, every, args.json);
    replay.compared.within(args.budget)
}

/// The two rule sets while history passes by.
struct Replay {
    live: RuleSet,
    candidate: RuleSet,
    decoder: Decoder,
    /// One event of so many is scored.
    every: u64,
    read: u64,
    failed: Option<String>,
    compared: Compared,
}

impl Replay {
    fn event(&mut self, record: &StoredRecord) {
        self.read += 1;
        if !(self.read - 1).is_multiple_of(self.every) {
            return;
        }
        if let Some(event) = self.decoded::<Event>(record) {
            self.compared.event(&self.live, &self.candidate, &event);
        }
    }

    fn signal(&mut self, record: &StoredRecord) {
        if let Some(signal) = self.decoded::<Signal>(record) {
            self.compared.signal(&self.live, &self.candidate, &signal);
        }
    }

    fn decoded<R: Record>(&mut self, record: &StoredRecord) -> Option<R> {
        let decoded = self.decoder.decode(record.value.as_deref()?);
        match decoded {
            Ok(record) => Some(record),
            Err(error @ DecodeError::RegistryUnavailable { .. }) => {
                self.failed.get_or_insert_with(|| error.to_string());
                None
            }
            Err(_) => {
                self.compared.undecodable += 1;
                None
            }
        }
    }
}
