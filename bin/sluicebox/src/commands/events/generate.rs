//! `sluicebox events generate`: load, or something to look at.

use crate::app::{self, App};
use crate::commands::replay::Feeder;
use crate::failure::Failure;
use crate::output::say;
use chrono::Utc;
use clap::Args;
use model::Millis;
use scenario::behaviour::{Behaviour, Kind};

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  sluicebox events generate --count 1000\n  \
                        sluicebox events generate --rate 2000 --count 120000 --kinds login,purchase --seed 7\n  \
                        sluicebox events generate --count 5 --print\n\n\
                        The same seed gives the same ids, so running it twice sends only duplicates.")]
pub(crate) struct GenerateArgs {
    /// Events a second; without it, as fast as Kafka takes them
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    rate: Option<u32>,
    /// How many events
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    count: u64,
    #[expect(clippy::doc_markdown, reason = "the help shows it as it is written")]
    /// Kinds, separated by commas: login, purchase, click, api_call, file_access; all without it
    #[arg(long, value_delimiter = ',', value_parser = kind)]
    kinds: Vec<Kind>,
    /// Seed of the generator; another seed, other events
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// How many users act
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..))]
    users: u32,
    /// Share of events that are sent twice with one id, 0 to 1
    #[arg(long, default_value_t = 0.0)]
    duplicates: f64,
    /// Print the ids and types instead of sending
    #[arg(long)]
    print: bool,
}

/// Events a second by their times where they are sent at once: one a millisecond.
const AT_ONCE: f64 = 1_000.0;

/// When the first event happened. Where all are sent at once the last one happened now: a time that has not come would be
/// replaced.
fn start(args: &GenerateArgs, now: Millis) -> Millis {
    if args.rate.is_some() {
        return now;
    }
    let before = i64::try_from(args.count).unwrap_or(i64::MAX);
    now.saturating_sub(before).max(0)
}

fn kind(name: &str) -> Result<Kind, String> {
    name.parse()
        .map_err(|error: scenario::behaviour::UnknownKind| error.to_string())
}

pub(crate) async fn run(args: GenerateArgs, app: &App) -> Result<(), Failure> {
    if !(0.0..=1.0).contains(&args.duplicates) {
        return Err(Failure::Usage(format!(
            "--duplicates {}: must be between 0 and 1",
            args.duplicates
        )));
    }
    let behaviour = Behaviour {
        seed: args.seed,
        users: args.users,
        kinds: args.kinds.clone(),
        duplicates: args.duplicates,
        start: start(&args, Utc::now().timestamp_millis()),
        rate: args.rate.map_or(AT_ONCE, f64::from),
    };
    let count = usize::try_from(args.count).unwrap_or(usize::MAX);
    let events = behaviour
        .events()
        .take(count)
        .map(scenario::behaviour::BehaviourEvent::into_raw_event);
    if args.print {
        for event in events {
            let data = event
                .data
                .as_deref()
                .map(String::from_utf8_lossy)
                .unwrap_or_default();
            say(format_args!(
                "{} {} {} {data}",
                event.id,
                event.kind,
                event.subject.as_deref().unwrap_or("-")
            ));
        }
        return Ok(());
    }
    let publisher = app::publisher(&app.settings()?).await?;
    let mut feeder = Feeder::new(publisher, args.rate);
    for event in events {
        feeder.feed(0, event).await?;
    }
    let rejected = feeder.finish().await?;
    say(format_args!("{} events sent", args.count - rejected.len() as u64));
    Ok(())
}
