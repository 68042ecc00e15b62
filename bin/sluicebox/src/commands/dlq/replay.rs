//! `sluicebox dlq replay`: records back on the topics they came from, each once, however often this is run or killed.

mod batch;
mod newest;

use super::filter::{Filter, is_among};
use super::letter::{Letter, LetterId};
use super::letters::Letters;
use super::note::NoteArgs;
use super::plan::{Plan, Skip};
use crate::app::{self, App};
use crate::failure::Failure;
use crate::output::{say, tell};
use batch::{Batch, Writer};
use clap::{ArgGroup, Args};
use newest::Newest;
use serde_json::json;
use std::collections::BTreeMap;
use tokio::sync::mpsc;

/// Letters that are read ahead; each may be as large as a record.
const READ_AHEAD: usize = 64;

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("which").required(true).multiple(true)
    .args(["letters", "all", "stage", "reason", "from", "to", "key"]))]
#[command(after_help = "Examples:\n  \
    sluicebox dlq replay --stage scorer --from 2h --dry-run\n  \
    sluicebox dlq replay --stage scorer --from 2h --rate 100 --note 'rules mended'\n  \
    sluicebox dlq replay 3:17 3:18\n\n\
    A record goes back as it was: bytes, key, headers, partition. It keeps its tenant, source and id, so whoever has\n\
    counted it does not count it again. Each record goes back once: run it again after it was killed, and it goes on\n\
    where it stopped. What fails again is a new dead letter that says how often it has failed.")]
pub(super) struct ReplayArgs {
    /// Dead letters by name, as `dlq list` shows them; without any, all that the filter means
    #[arg(value_name = "LETTER")]
    letters: Vec<LetterId>,
    #[command(flatten)]
    filter: Filter,
    /// Every dead letter there is
    #[arg(long)]
    all: bool,
    /// Records a second; without it, as fast as Kafka takes them
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    rate: Option<u32>,
    /// Leave out records that have failed this often
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(i32).range(1..))]
    max_attempts: i32,
    /// Say what would be put back, and write nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    note: NoteArgs,
    /// Print the outcome as one JSON object
    #[arg(long)]
    json: bool,
}

/// What came of it.
#[derive(Default)]
struct Outcome {
    replayed: BTreeMap<String, u64>,
    skipped: BTreeMap<Skip, u64>,
}

pub(super) async fn run(args: ReplayArgs, app: &App) -> Result<(), Failure> {
    let settings = app.settings()?;
    let letters = Letters::connect(&settings)?;
    // The writer comes first: from then on no other replay writes, so the past is whole when it is read.
    let mut writer = if args.dry_run {
        None
    } else {
        let replayer = letters.admin.replayer(app::schema_ids(&settings).await?).await?;
        Some(Writer::new(replayer, header(&args, &settings), args.rate))
    };
    let past = letters.past().await?;
    let plan = Plan::new(&past, app::prefix(&settings), args.max_attempts);
    let outcome = put_back(&args, &letters, plan, writer.as_mut()).await?;
    report(&args, &outcome, writer.as_ref());
    Ok(())
}

/// What every note of this replay says.
fn header(args: &ReplayArgs, settings: &settings::Settings) -> model::Replay {
    let mut filters = args.filter.described();
    if !args.letters.is_empty() {
        let ids: Vec<String> = args.letters.iter().map(LetterId::to_string).collect();
        filters.insert("letters".to_owned(), ids.join(","));
    }
    args.note.header(filters, settings)
}

async fn put_back(
    args: &ReplayArgs,
    letters: &Letters,
    mut plan: Plan<'_>,
    mut writer: Option<&mut Writer>,
) -> Result<Outcome, Failure> {
    let (sender, incoming) = mpsc::channel(READ_AHEAD);
    let ids = args.letters.clone();
    let send = move |sender: &mut mpsc::Sender<Letter>, letter| {
        !is_among(&ids, &letter) || sender.blocking_send(letter).is_ok()
    };
    // The sender is dropped when all is read: then the planning ends too.
    let reading = async { letters.each(&args.filter, sender, send).await.map(drop) };
    let planning = async {
        // Dropped when this ends, however it ends: then the reading ends too.
        let mut incoming = incoming;
        let (mut outcome, mut batch) = (Outcome::default(), Batch::default());
        let mut newest = Newest::new(&letters.admin);
        while let Some(letter) = incoming.recv().await {
            let topic = match plan.take(&letter) {
                Ok(topic) if newest.supersedes(topic, &letter).await? => Err(Skip::Superseded),
                other => other,
            };
            match topic {
                Ok(_) => {
                    let kind = format!("{} {}", letter.content.stage, letter.content.reason);
                    *outcome.replayed.entry(kind).or_default() += 1;
                    batch.push(letter);
                }
                Err(skip) => *outcome.skipped.entry(skip).or_default() += 1,
            }
            if let Some(writer) = &mut writer
                && batch.is_full(args.rate)
            {
                writer.write(&mut batch).await?;
            } else if args.dry_run {
                batch.clear();
            }
        }
        if let Some(writer) = writer {
            writer.write(&mut batch).await?;
        }
        Ok::<_, Failure>(outcome)
    };
    let (read, outcome) = tokio::join!(reading, planning);
    let outcome = outcome?;
    read.map(|()| outcome)
}

fn report(args: &ReplayArgs, outcome: &Outcome, writer: Option<&Writer>) {
    let (replayed, skipped): (u64, u64) = (outcome.replayed.values().sum(), outcome.skipped.values().sum());
    if args.json {
        let skipped = outcome.skipped.iter();
        let skipped: BTreeMap<&str, u64> = skipped.map(|(skip, count)| (skip.as_str(), *count)).collect();
        say(json!({
            "replay": writer.and_then(Writer::id),
            "dry_run": args.dry_run,
            "replayed": replayed,
            "by_kind": outcome.replayed,
            "skipped": skipped,
        }));
        return;
    }
    let what = if args.dry_run {
        "would be replayed"
    } else {
        "replayed"
    };
    say(format_args!("{replayed} {what}, {skipped} left out"));
    for (kind, count) in &outcome.replayed {
        say(format_args!("  {kind} {count}"));
    }
    for (skip, count) in &outcome.skipped {
        say(format_args!("  left out, {}: {count}", skip.as_str()));
    }
    if let Some(id) = writer.and_then(Writer::id) {
        tell(format_args!("noted as {id}; see `sluicebox dlq replays`"));
    }
}
